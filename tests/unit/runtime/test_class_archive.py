"""Which archive of classes a local session's Java maps or writes, with Java's own archives where it is there."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from judgelake.runtime import class_archive
from judgelake.runtime.class_archive import (
    CLAIM_S,
    JAVA_OPTIONS,
    JAVA_VARIABLES,
    KEPT,
    OTHER_CLASS_PATHS,
    SWITCH,
    drop_archive,
    with_archive,
)

GIVEN = "-XX:+UseParallelGC"
# As Java begins an archive.
WHOLE = bytes.fromhex("a8ab0bf0") + bytes(96)


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A Java and an empty cache."""
    for name in (*OTHER_CLASS_PATHS, *JAVA_VARIABLES, SWITCH):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    for file in ("java/bin/java", "java/lib/modules", "pyspark/jars/spark-core.jar"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)


@pytest.fixture
def option(tmp_path):
    """The last two options with which a session starts: what it does, and the file; None if it does nothing."""

    def of_a_session(writes=True, **settings):
        given = {JAVA_OPTIONS: GIVEN, **settings}
        setting = with_archive(given, tmp_path / "pyspark", writes=writes)
        if not setting:
            return None
        assert setting.keys() == {JAVA_OPTIONS}
        found = re.fullmatch(
            re.escape(given[JAVA_OPTIONS]) + r' "-XX:(\w+)=(.+)" -Xlog:cds\*=off', setting[JAVA_OPTIONS]
        )
        return found.group(1), Path(found.group(2))

    return of_a_session


def kept(tmp_path):
    return sorted((tmp_path / "cache" / "judgelake" / "classes").iterdir())


def made_by(option):
    """An archive that a session has written and the next one has taken over."""
    _, draft = option()
    draft.write_bytes(WHOLE)
    return option()[1]


def test_the_first_session_writes_a_draft_and_the_next_one_renames_and_maps_it(option, tmp_path):
    does, draft = option()
    assert does == "ArchiveClassesAtExit"
    draft.write_bytes(WHOLE)
    does, archive = option()
    assert does == "SharedArchiveFile"
    assert kept(tmp_path) == [archive]
    assert archive.read_bytes() == WHOLE
    assert option() == (does, archive)


def test_one_session_writes_and_those_beside_it_do_without(option, tmp_path):
    _, draft = option()
    assert option() is None
    # Java writes the start of the file last.
    draft.write_bytes(bytes(4) + WHOLE)
    assert option() is None
    assert kept(tmp_path) == [draft]


def test_a_draft_that_was_never_finished_goes_and_another_session_writes(option, tmp_path):
    _, draft = option()
    draft.write_bytes(bytes(4) + WHOLE)
    long_ago = time.time() - CLAIM_S - 60
    os.utime(draft, (long_ago, long_ago))
    does, second = option()
    assert (does, kept(tmp_path)) == ("ArchiveClassesAtExit", [second])


def test_a_draft_from_before_the_machine_started_is_not_trusted(option, monkeypatch):
    _, draft = option()
    draft.write_bytes(WHOLE)
    monkeypatch.setattr("psutil.boot_time", lambda: time.time() + 60)
    assert option() is None


def test_two_that_wrote_at_once_leave_one_archive(option, tmp_path):
    _, draft = option()
    draft.write_bytes(WHOLE)
    draft.with_name(draft.name.replace(".draft", "0.draft")).write_bytes(WHOLE)
    _, archive = option()
    assert kept(tmp_path) == [archive]


def test_another_java_or_other_jars_get_an_archive_of_their_own_and_the_longest_unused_goes(option, tmp_path):
    made = [made_by(option)]
    for number, file in enumerate(("java/lib/modules", "pyspark/jars/spark-core.jar", "pyspark/jars/added.jar")):
        os.utime(made[-1], (number + 1, number + 1))
        (tmp_path / file).write_text(f"changed {number}")
        made.append(made_by(option))
    assert len(set(made)) == 4
    assert kept(tmp_path) == sorted(made[-KEPT:])


def test_a_heap_too_large_for_narrow_pointers_has_its_own(option):
    archive = made_by(option)
    assert option(**{"spark.driver.memory": "31g"})[1] == archive
    for memory in ("32g", "100G", "1t"):
        assert option(writes=False, **{"spark.driver.memory": memory}) is None


def test_with_debug_an_archive_is_mapped_but_none_written(option, tmp_path):
    assert option(writes=False) is None
    assert not (tmp_path / "cache").exists()
    archive = made_by(option)
    assert option(writes=False) == ("SharedArchiveFile", archive)


@pytest.mark.parametrize("of_the_user", ["-XX:SharedArchiveFile=mine.jsa", "-XX:ArchiveClassesAtExit=m", "-Xshare:off"])
def test_an_archive_that_the_user_names_is_left_to_the_user(of_the_user, option, monkeypatch):
    assert option(**{JAVA_OPTIONS: of_the_user}) is None
    monkeypatch.setenv("JDK_JAVA_OPTIONS", of_the_user)
    assert option() is None


@pytest.mark.parametrize(
    ("name", "value"), [(SWITCH, "0"), (SWITCH, "off"), *((name, "/some/where") for name in OTHER_CLASS_PATHS)]
)
def test_where_it_is_switched_off_or_the_class_path_is_not_ours_nothing_is_done(name, value, option, monkeypatch):
    made_by(option)
    monkeypatch.setenv(name, value)
    assert option() is None


def test_a_class_path_given_as_a_setting_is_not_ours_either(option, tmp_path):
    assert option(**{"spark.driver.extraClassPath": "/some/where"}) is None
    (tmp_path / "pyspark" / "conf").mkdir()
    assert option() is None


def test_a_cache_that_cannot_be_written_or_a_full_disk_stops_no_session(option, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert option() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(class_archive, "FREE_BYTES", 2**80)
    assert option() is None
    assert kept(tmp_path) == []


def test_a_path_that_java_would_split_is_not_used_and_one_with_a_space_is(option, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "my cache"))
    assert "my cache" in str(option()[1])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a:b"))
    assert option() is None


def test_an_archive_that_was_cut_off_goes_and_another_is_written(option, tmp_path):
    archive = made_by(option)
    archive.write_bytes(WHOLE[:50])
    does, draft = option()
    assert (does, kept(tmp_path)) == ("ArchiveClassesAtExit", [draft])


def test_an_archive_with_which_no_session_starts_goes(option, tmp_path):
    made_by(option)
    drop_archive({})
    drop_archive({JAVA_OPTIONS: GIVEN})
    assert option(writes=False) is not None
    drop_archive(with_archive({JAVA_OPTIONS: GIVEN}, tmp_path / "pyspark", writes=False))
    assert kept(tmp_path) == []


@pytest.mark.skipif(shutil.which("java") is None, reason="needs Java")
def test_javas_own_archive_is_whole_when_java_has_ended(option, monkeypatch):
    monkeypatch.delenv("JAVA_HOME")

    def said(does, file):
        command = ["java", f"-XX:{does}={file}", class_archive.QUIET, "-version"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    first = said(*option())
    does, archive = option()
    assert (does, archive.stat().st_size > 100_000) == ("SharedArchiveFile", True)
    assert said(does, archive) == first
    # Java says nothing of one that is no archive.
    archive.unlink()
    archive.write_bytes(bytes(5000))
    assert len(said(does, archive).splitlines()) == len(first.splitlines())
