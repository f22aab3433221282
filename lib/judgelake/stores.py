"""Folders and object stores, by the addresses that users give them and as pyarrow opens them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):/.*", re.DOTALL)
STORES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "abfs": "abfs", "abfss": "abfss"}
"""The object stores, by the names that users know: those of pyarrow.fs."""
# What pyarrow reads from an address and is not secret.
PLAIN_PARAMETERS = ("region", "endpoint_override", "scheme", "retry_limit_seconds")
# Otherwise Google's client retries for 15 minutes without a message.
GOOGLE_RETRIES = "retry_limit_seconds=60"
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
        OSError: the store cannot be reached.
        ValueError: not an address.
    """
    from pyarrow.fs import FileSystem, LocalFileSystem

    return (LocalFileSystem(), source) if source.startswith("/") else FileSystem.from_uri(source)


def store_errors() -> tuple[type[Exception], ...]:
    """What pyarrow raises where a store or a folder cannot be opened, read or written."""
    import pyarrow as pa

    return (OSError, ValueError, NotImplementedError, pa.ArrowException)
