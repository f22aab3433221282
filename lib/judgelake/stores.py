"""Folders and object stores, by the addresses that users give them and as pyarrow opens them."""

from __future__ import annotations

import functools
import os
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):/.*", re.DOTALL)
STORES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "abfs": "abfs", "abfss": "abfss"}
"""The object stores, by the names that users know: those of pyarrow.fs."""
# What pyarrow reads from an address and is not secret.
PLAIN_PARAMETERS = ("region", "endpoint_override", "scheme", "retry_limit_seconds")
# Otherwise Google's client retries for 15 minutes without a message.
GOOGLE_RETRIES = "retry_limit_seconds=60"
# Where Google's client looks for keys, in this order. Source: google-cloud-cpp, google/cloud/internal, files
# oauth2_google_application_default_credentials_file.cc and compute_engine_util.cc.
GOOGLE_KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
GOOGLE_LOGIN = Path(".config", "gcloud", "application_default_credentials.json")
GOOGLE_METADATA = "GCE_METADATA_ROOT"
METADATA_HOST, METADATA_PORT, METADATA_SECONDS = "metadata.google.internal", 80, 2.0
KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role of the host",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "abfs": "AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
    "abfss": "AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
}


def scheme_of(address: str) -> str | None:
    """The scheme of an address, in small letters; None for a path, or a name on Hugging Face."""
    match = SCHEME.fullmatch(address)
    return None if match is None else match["scheme"].lower()


def holds_a_key(address: str) -> bool:
    """Whether an address of an object store contains a password or a parameter that may be secret."""
    parts = urlsplit(address)
    return ":" in parts.netloc.rpartition("@")[0] or bool(set(parse_qs(parts.query)) - set(PLAIN_PARAMETERS))


def store_address(address: str) -> str:
    """An address in one of `STORES` as pyarrow opens it."""
    parts = urlsplit(address)
    scheme = STORES[parts.scheme.lower()]
    query = parts.query or (GOOGLE_RETRIES if scheme == "gs" else "")
    return parts._replace(scheme=scheme, path=parts.path.rstrip("/"), query=query).geturl()


def keys_of(source: str) -> str | None:
    """Where a host's environment names the keys of an object store; None for a folder."""
    return KEYS.get(scheme_of(source) or "")


def filesystem(source: str) -> tuple[Any, str]:
    """The file system of pyarrow for a folder or address, and the path in it.

    Args:
        source: an absolute folder, or an address as `store_address` gives it.

    Raises:
        OSError: the store cannot be reached, or this host has no key for it.
        ValueError: not an address.
    """
    from pyarrow.fs import FileSystem, LocalFileSystem

    if source.startswith("/"):
        return LocalFileSystem(), source
    if _needs_key_of_google(source):
        _check_key_of_google()
    system, path = FileSystem.from_uri(source)
    return system, path


def _needs_key_of_google(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "gs" and parts.username != "anonymous" and "endpoint_override" not in parse_qs(parts.query)


@functools.cache
def _check_key_of_google() -> None:
    """Raise a PermissionError if Google's client would find no key: it looks for one for minutes before it says so."""
    if os.environ.get(GOOGLE_KEY_FILE) or (Path.home() / GOOGLE_LOGIN).exists():
        return
    host, _, port = os.environ.get(GOOGLE_METADATA, METADATA_HOST).partition(":")
    try:
        socket.create_connection((host, int(port or METADATA_PORT)), METADATA_SECONDS).close()
    except (OSError, ValueError) as error:
        raise PermissionError(
            f"this host has no key for gs://: {GOOGLE_KEY_FILE} is not set, nobody has logged in with gcloud, and no "
            f"metadata service of Google answers at {host}"
        ) from error


def store_errors() -> tuple[type[Exception], ...]:
    """What pyarrow raises where a store or a folder cannot be opened, read or written."""
    import pyarrow as pa

    return (OSError, ValueError, NotImplementedError, pa.ArrowException)
