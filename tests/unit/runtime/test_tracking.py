"""Where runs are stored: the checks of a tracking address before MLflow is used."""

import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from judgelake.config import Mlflow
from judgelake.errors import UserError
from judgelake.runtime import accepted_by_mlflow, warm_up, why_unusable, without_password
from judgelake.runtime.tracking import open_experiment


@contextmanager
def answering(status):
    """The address of a server that answers every GET with this status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 401, 403, 404])
def test_a_server_that_answers_is_left_to_mlflow_whatever_it_says_to_a_stranger(status):
    with answering(status) as address:
        assert why_unusable(f"{address}/prefix/") is None


def test_a_gateway_without_a_server_behind_it_is_not_a_server():
    with answering(503) as address:
        assert "HTTP 503" in why_unusable(address)


def test_a_server_that_is_not_there_or_says_nothing_is_named_within_seconds(monkeypatch):
    monkeypatch.setattr("judgelake.runtime.tracking.REACH_SECONDS", 0.3)
    assert why_unusable("http://127.0.0.1:9").startswith("http://127.0.0.1:9 does not answer")
    assert "does not answer" in why_unusable("http://[not-an-address:9")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        assert "does not answer" in why_unusable(address)
        assert time.monotonic() - started < 5


def test_a_password_in_an_address_is_never_repeated():
    reason = why_unusable("http://me:pa55word@127.0.0.1:9")
    assert "127.0.0.1:9" in reason
    assert "pa55word" not in reason
    assert without_password("postgresql://me:pa55word@db/mlflow") == "postgresql://db/mlflow"
    assert without_password("sqlite:///a@b.db") == "sqlite:///a@b.db"


@pytest.mark.parametrize(
    "address", ["sqlite:///{}/new/mlflow.db", "sqlite:///{}/mlflow.db", "file://{}/runs", "{}/runs"]
)
def test_a_store_that_can_be_made_is_usable(address, tmp_path):
    assert why_unusable(address.format(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["sqlite:///{}/file/mlflow.db", "file://{}/file/runs", "{}/file/runs"])
def test_a_store_with_a_file_in_its_way_is_named(address, tmp_path):
    (tmp_path / "file").touch()
    assert "is not writable" in why_unusable(address.format(tmp_path))


def test_an_existing_store_in_a_folder_that_takes_no_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "mlflow.db").touch()
    # Root can write everywhere, so the folder is made unwritable by other means.
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **keywords: open("/nowhere/at/all", "rb"))  # noqa: SIM115
    assert "is not writable" in why_unusable(f"sqlite:///{tmp_path}/mlflow.db")


@pytest.mark.parametrize(
    "address", ["databricks", "databricks://profile", "postgresql://db/mlflow", "sqlite:///:memory:", "uc:main.default"]
)
def test_an_address_that_only_mlflow_can_check_is_left_to_it(address):
    assert why_unusable(address) is None


def test_an_unusable_address_ends_a_job_in_one_sentence_that_says_what_to_do(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 .*MLFLOW_TRACKING_URI.*mlflow\.enabled: false"):
        open_experiment(Mlflow())


# MLflow uses a deprecated part of SQLAlchemy.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_warming_up_opens_the_store_and_leaves_the_address_of_the_process_alone(tmp_path, monkeypatch):
    import mlflow

    mlflow.set_tracking_uri("sqlite:///somebody_elses.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    try:
        warm_up(Mlflow())()
        assert mlflow.get_tracking_uri() == "sqlite:///somebody_elses.db"
    finally:
        mlflow.set_tracking_uri(None)
    assert (tmp_path / "mlflow.db").is_file()


def test_what_cannot_be_warmed_up_is_reported_later(tmp_path, monkeypatch, capfd):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    warm_up(Mlflow())()
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UserError, match="is not writable"):
        open_experiment(Mlflow())


def test_nothing_is_warmed_up_where_mlflow_is_switched_off(monkeypatch):
    before = threading.active_count()
    warm_up(Mlflow(enabled=False))()
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        pytest.param(OSError("no route to https://me:pa55@store\n"), UserError, id="its store"),
        pytest.param(UserError("Name an experiment."), UserError, id="said already"),
        pytest.param(KeyError("agreement"), KeyError, id="a mistake of ours"),
    ],
)
def test_what_mlflow_does_not_accept_is_named_with_what_to_do(raised, expected):
    with pytest.raises(expected) as found, accepted_by_mlflow("the training", "Free some space."):
        raise raised
    sentence = "MLflow does not accept the training: OSError: no route to https://store. Free some space."
    assert str(found.value) == (sentence if isinstance(raised, OSError) else str(raised))
