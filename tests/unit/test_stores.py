"""Object stores: what is said at once of a host that has no key."""

import socket
import time

import pytest

from judgelake import stores
from judgelake.stores import GOOGLE_KEY_FILE, GOOGLE_LOGIN, GOOGLE_METADATA, filesystem


@pytest.fixture(autouse=True)
def without_keys(monkeypatch, tmp_path):
    """A host on which nothing answers, of a user who has never logged in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(GOOGLE_KEY_FILE, raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        # Bound and not listening: a connection is refused.
        monkeypatch.setenv(GOOGLE_METADATA, f"127.0.0.1:{taken.getsockname()[1]}")
        stores._check_key_of_google.cache_clear()
        yield
    stores._check_key_of_google.cache_clear()


def test_a_host_without_a_key_for_google_is_told_so_at_once():
    began = time.monotonic()
    with pytest.raises(PermissionError, match=r"no key for gs://: GOOGLE_APPLICATION_CREDENTIALS is not set"):
        filesystem("gs://bucket/lake?retry_limit_seconds=60")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "address", ["gs://anonymous@bucket/x", "gs://bucket/x?scheme=http&endpoint_override=localhost:1"]
)
def test_an_address_that_needs_no_key_is_opened_without_one(address):
    assert filesystem(address)[1] == "bucket/x"


def test_a_key_in_the_environment_a_login_and_a_metadata_service_are_left_to_googles_client(monkeypatch, tmp_path):
    address = "gs://bucket/x?retry_limit_seconds=60"
    with monkeypatch.context() as one:
        one.setenv(GOOGLE_KEY_FILE, "/key.json")
        assert filesystem(address)[1] == "bucket/x"
    stores._check_key_of_google.cache_clear()
    login = tmp_path / GOOGLE_LOGIN
    login.parent.mkdir(parents=True)
    login.write_text("{}", "utf-8")
    assert filesystem(address)[1] == "bucket/x"
    stores._check_key_of_google.cache_clear()
    login.unlink()
    with socket.create_server(("127.0.0.1", 0)) as service:
        monkeypatch.setenv(GOOGLE_METADATA, f"127.0.0.1:{service.getsockname()[1]}")
        assert filesystem(address)[1] == "bucket/x"
