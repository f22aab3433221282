"""Models that are read from elsewhere: object stores, volumes, MLflow; one copy a host, named by its content."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path

import pytest
from model_folders import made_model
from pyarrow.fs import LocalFileSystem

from judgelake.engine import ResolvedModel, StartRefused, model_here, model_identity, resolve_model
from judgelake.engine.model import copies as copies_room
from judgelake.engine.model.copies import Copies, cache_folder
from judgelake.engine.model.layout import MODEL
from judgelake.engine.model.place import Place, is_in_mlflow, plain_place
from judgelake.errors import UserError


@pytest.fixture
def cache(tmp_path):
    return str(tmp_path / "cache")


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A folder in the place of every object store."""
    folder = tmp_path / "stores"

    def filesystem(source):
        return LocalFileSystem(), source if source.startswith("/") else str(folder / source.partition("://")[2])

    monkeypatch.setattr("judgelake.engine.model.reading.filesystem", filesystem)
    return folder


@pytest.fixture
def reads(monkeypatch):
    """The places that were read, in order."""
    read: list[str] = []
    really = copies_room.read_files

    def noted(place, kind, folder, keys):
        read.append(place.uri)
        really(place, kind, folder, keys)

    monkeypatch.setattr(copies_room, "read_files", noted)
    return read


def names_in(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir() if path.suffix not in (".lock", ".json"))


@pytest.mark.parametrize(
    ("model", "source"),
    [
        ("s3://bucket/judges/a/", "s3://bucket/judges/a"),
        ("s3a://bucket/judges/a", "s3://bucket/judges/a"),
        ("s3://bucket/a?region=eu-west-1", "s3://bucket/a?region=eu-west-1"),
        ("gs://bucket/a", "gs://bucket/a?retry_limit_seconds=60"),
        ("abfss://box@account.dfs.core.windows.net/a", "abfss://box@account.dfs.core.windows.net/a"),
        ("/Volumes/main/judges/a/", "/Volumes/main/judges/a"),
        ("dbfs:/Volumes/main/judges/a", "/Volumes/main/judges/a"),
        ("/dbfs/judges/a", "/dbfs/judges/a"),
    ],
)
def test_an_address_is_read_by_all_hosts(model, source):
    place = plain_place(model)
    assert place is not None
    assert (place.source, place.by_mlflow) == (source, False)


@pytest.mark.parametrize("model", ["org/name", "models/here", "./x", "/x/y", "org/name:Q4_K_M", "name"])
def test_a_path_or_a_name_is_no_address(model):
    assert plain_place(model) is None
    assert not is_in_mlflow(model)


@pytest.mark.parametrize("model", ["models:/judge@prod", "models:/judge/3", "runs:/0f/model", "dbfs:/judges/a"])
def test_mlflow_is_asked_for_its_own_addresses(model):
    assert plain_place(model) is None
    assert is_in_mlflow(model)


@pytest.mark.parametrize("model", ["hdfs://host/a", "https://host/a", "wasbs://box@account/a", "file:/x"])
def test_an_address_that_nothing_reads_is_refused_with_those_that_are_known(model):
    with pytest.raises(UserError, match=r"models:/NAME/VERSION.*s3://"):
        plain_place(model)


@pytest.mark.parametrize("model", ["s3://me:very secret@bucket/a", "s3://bucket/a?secret_key=very secret"])
def test_an_address_with_a_key_in_it_is_refused_and_not_repeated(model):
    with pytest.raises(UserError, match="environment of driver and executors") as error:
        plain_place(model)
    assert "very secret" not in str(error.value)


def test_a_model_in_a_store_is_its_content_and_read_once_a_host(bucket, cache, reads):
    made_model(bucket / "box" / "judge")
    plain = model_identity(str(bucket / "box" / "judge"), None)
    found, again = (resolve_model("s3://box/judge", None, cache=cache) for _ in range(2))
    assert found == again
    assert (found.model, found.revision, found.identity) == ("s3://box/judge", None, plain)
    assert reads == ["s3://box/judge"], "the driver's second run reads nothing"
    assert model_here(found, cache) == str(found.folder)
    assert model_identity(str(found.folder), None) == plain
    assert len(reads) == 1, "an engine on the driver's host uses the driver's copy"
    elsewhere = model_here(found, f"{cache}-of-another-host")
    assert model_identity(elsewhere, None) == plain
    assert names_in(cache) == [plain.removeprefix("local:")]


def test_new_files_at_the_same_address_are_another_model(bucket, cache):
    folder = made_model(bucket / "box" / "judge")
    before = resolve_model("s3://box/judge", None, cache=cache)
    (folder / "model.safetensors").write_bytes(b"weights of\t9")
    after = resolve_model("s3://box/judge", None, cache=cache)
    assert before.identity != after.identity
    assert before.folder != after.folder
    assert model_here(before, cache) == str(before.folder), "a run that has begun goes on with its own"
    with pytest.raises(StartRefused, match=rf"{socket.gethostname()}.*have changed.*start the run again"):
        model_here(before, f"{cache}-of-another-host")
    assert names_in(f"{cache}-of-another-host") == []


def test_what_a_killed_process_left_is_never_used(bucket, cache):
    made_model(bucket / "box" / "judge")
    found = resolve_model("s3://box/judge", None, cache=cache)
    content = found.identity.removeprefix("local:")
    other = Path(f"{cache}-of-another-host")
    left = other / f"{content}.draft"
    left.mkdir(parents=True)
    (left / "config.json").write_text("{}")
    (left / "half.safetensors").write_bytes(b"half")
    here = Path(model_here(found, str(other)))
    assert here.name == content
    assert not (here / "half.safetensors").exists()
    assert names_in(str(other)) == [content]


def test_a_copy_that_lost_some_of_its_content_is_read_again(bucket, cache, reads):
    made_model(bucket / "box" / "judge")
    found = resolve_model("s3://box/judge", None, cache=cache)
    assert found.folder is not None
    (found.folder / "model.safetensors").write_bytes(b"")
    assert model_here(found, cache) == str(found.folder)
    assert model_identity(str(found.folder), None) == found.identity
    assert len(reads) == 2


def test_a_failed_reading_leaves_nothing_and_says_where(bucket, cache, monkeypatch):
    made_model(bucket / "box" / "judge")

    def full(source, target, length):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(UserError, match=rf"no space.*{socket.gethostname()}.*engine\.model_cache"):
        resolve_model("s3://box/judge", None, cache=cache)
    assert names_in(cache) == []


def test_an_address_where_nothing_is_names_host_address_and_keys(bucket, cache):
    with pytest.raises(UserError, match=rf"'s3://box/absent' on host {socket.gethostname()}.*AWS_ACCESS_KEY_ID"):
        resolve_model("s3://box/absent", None, cache=cache)
    (bucket / "box" / "empty").mkdir(parents=True)
    (bucket / "box" / "empty" / "notes.txt").write_text("")
    with pytest.raises(UserError, match=r"'s3://box/empty' has no config\.json"):
        resolve_model("s3://box/empty", None, cache=cache)


def test_one_process_reads_while_others_wait_and_both_say_so(bucket, cache, monkeypatch):
    monkeypatch.setattr(copies_room, "SAY_EVERY_S", 0.05)
    made_model(bucket / "box" / "judge")
    place = plain_place("s3://box/judge")
    assert place is not None
    may_end, lines, reads = threading.Event(), [], []
    really = copies_room.read_files

    def slow(place, kind, folder, keys):
        reads.append(place.uri)
        really(place, kind, folder, keys)
        may_end.wait(20)

    def said(line):
        lines.append(line)
        if {"waiting", "reading"} <= {line.partition(" ")[0] for line in lines}:
            may_end.set()

    monkeypatch.setattr(copies_room, "read_files", slow)
    found = []
    copies = [Copies(cache_folder(cache), said) for _ in range(2)]
    threads = [threading.Thread(target=lambda c=one: found.append(c.of_place(place, MODEL))) for one in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert may_end.is_set()
    assert (len(found), len(set(found)), len(reads)) == (2, 1, 1)
    assert any("s3://box/judge" in line and "GB in" in line for line in lines)


def test_a_volume_is_known_without_a_copy_and_read_once_by_a_host(tmp_path, cache, reads, monkeypatch):
    volumes = f"{tmp_path}/Volumes/"
    for room in ("place", "resolve"):
        monkeypatch.setattr(f"judgelake.engine.model.{room}.NETWORK_FOLDERS", (volumes,))
    folder = made_model(Path(volumes) / "judge")
    found = resolve_model(str(folder), None, cache=cache)
    assert (found.model, found.folder) == (str(folder), folder)
    assert not reads
    here = {model_here(found, cache) for _ in range(2)}
    assert here == {str(Path(cache) / found.identity.removeprefix("local:"))}
    assert reads == [str(folder)]
    with pytest.raises(UserError, match="not a folder on this machine"):
        resolve_model(f"{volumes}absent", None, cache=cache)


def test_a_tokenizer_that_mlflow_keeps_apart_comes_to_the_weights(tmp_path, cache):
    plain = made_model(tmp_path / "plain")
    written = tmp_path / "written"
    shutil.copytree(plain, written / "model")
    (written / "components" / "tokenizer").mkdir(parents=True)
    (written / "model" / "tokenizer.json").rename(written / "components" / "tokenizer" / "tokenizer.json")
    found = resolve_model(str(written), None, cache=cache)
    assert found.identity == model_identity(str(plain), None)
    assert found.folder is not None
    assert (found.folder / "tokenizer.json").is_file()
    assert model_here(found, cache) == str(found.folder)


def test_the_folder_of_copies_is_this_users_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = cache_folder(None)
    assert own == tmp_path / "judgelake" / "models"
    assert own.stat().st_mode & 0o077 == 0
    own.chmod(0o777)
    with pytest.raises(UserError, match=r"by others.*engine\.model_cache"):
        cache_folder(None)
    own.chmod(0o700)
    monkeypatch.setattr("os.getuid", lambda: own.stat().st_uid + 1)
    with pytest.raises(UserError, match=r"engine\.model_cache"):
        cache_folder(None)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"engine\.model_cache"):
        cache_folder(str(tmp_path / "file"))


def test_a_place_is_what_all_hosts_get(cache):
    found = ResolvedModel("m", None, "local:0", place=Place("/absent/m", "/absent/m"))
    with pytest.raises(StartRefused, match=rf"'/absent/m' on host {socket.gethostname()}"):
        model_here(found, cache)
