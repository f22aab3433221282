"""Java's archive of loaded classes: a driver that maps one starts in little more than half the time.

The JVM of the first job writes it as it ends, ten to twenty seconds after the command itself, so nobody can wait for
it: it goes to a draft of its own name, and the next session renames a draft that is whole. Java itself checks that an
archive fits its version and its jars, and starts without one that does not.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psutil

FOLDER = "classes"
SWITCH = "JUDGELAKE_CLASS_ARCHIVE"
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
# A class path with a folder in it, as these make one, cannot be archived.
OTHER_CLASS_PATHS = (
    "HADOOP_CONF_DIR",
    "PYSPARK_SUBMIT_ARGS",
    "SPARK_CLASSPATH",
    "SPARK_CONF_DIR",
    "SPARK_DIST_CLASSPATH",
    "SPARK_HOME",
    "YARN_CONF_DIR",
)
# Where these, or the options of a session, name an archive, it is the user's.
JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
OF_THE_USER = re.compile(r"-Xshare|SharedArchive|ArchiveClasses")
# Java would say on stdout that an archive does not fit, and name each class that it leaves out of one.
QUIET = "-Xlog:cds*=off"
KEPT = 2
"""Archives kept, about 200 MB each: this one, and one of another Java or environment."""
FREE_BYTES = 2**30
"""Least free bytes of a disk to which an archive is written."""
CLAIM_S = 900.0
"""As long no other session writes an archive, although the one that was to write it may have been killed."""


def with_archive(settings: Mapping[str, str], spark_home: Path, *, writes: bool) -> dict[str, str]:
    """The Java options of a local session with one more: to map this user's archive, or else to write it at the end.

    Args:
        settings: those of the session; their Java options come first.
        spark_home: the folder of PySpark.
        writes: whether an archive may be written.

    Returns:
        The setting, or nothing if the options stay as they are: the archive is switched off, or the user names one, or
        the class path is not known, or there is none and it cannot be written, or another session is about to write it.
    """
    given = settings.get(JAVA_OPTIONS, "")
    if _is_off() or _has_other_classes(settings, spark_home):
        return {}
    if any(OF_THE_USER.search(options) for options in (given, *(os.environ.get(name, "") for name in JAVA_VARIABLES))):
        return {}
    try:
        option = _option(cache_folder() / FOLDER, _key(settings, spark_home), writes)
    except OSError:
        # An unwritable cache, a home that is not there: a session starts all the same.
        return {}
    return {JAVA_OPTIONS: f'{given} "{option}" {QUIET}'.strip()} if option else {}


def drop_archive(settings: Mapping[str, str]) -> None:
    """Remove the archive that a session with these settings maps, if any: it did not start."""
    found = re.search(r'"-XX:SharedArchiveFile=([^"]+)" ', settings.get(JAVA_OPTIONS, ""))
    if found is not None:
        with suppress(OSError):
            Path(found.group(1)).unlink()


def cache_folder() -> Path:
    """The folder of judgelake in the user's cache; it need not exist."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "judgelake"


def _is_off() -> bool:
    return os.environ.get(SWITCH, "").lower() in ("0", "false", "no", "off")


def _has_other_classes(settings: Mapping[str, str], spark_home: Path) -> bool:
    """Whether the class path may be another one than Spark's jars alone."""
    names = ("spark.driver.extraClassPath", "spark.driver.userClassPathFirst")
    return (
        any(os.environ.get(name) for name in OTHER_CLASS_PATHS)
        or any(name in settings for name in names)
        or (spark_home / "conf").exists()
    )


def _option(folder: Path, key: str, writes: bool) -> str | None:
    # Java separates the paths of two archives by a colon; a quotation mark would end the option.
    if re.search(r'[:"\\]', str(folder)):
        return None
    archive = _found(folder, key) or _taken_over(folder, key)
    if archive is not None:
        # The time of its last use decides which are kept; in a cache shared with another user it cannot be set.
        with suppress(OSError):
            os.utime(archive)
        return f"-XX:SharedArchiveFile={archive}"
    if not writes:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    if _drafts(folder, key) or shutil.disk_usage(folder).free < FREE_BYTES:
        return None
    draft = folder / f"{key}.{uuid.uuid4().hex}.draft"
    draft.touch()
    return f"-XX:ArchiveClassesAtExit={draft}"


def _found(folder: Path, key: str) -> Path | None:
    """The archive, if it has the size that its name says: Java does not survive each that was cut off."""
    for archive in folder.glob(f"{key}.*.jsa"):
        if archive.name == _name(key, archive):
            return archive
        archive.unlink(missing_ok=True)
    return None


def _name(key: str, file: Path) -> str:
    return f"{key}.{file.stat().st_size}.jsa"


def _taken_over(folder: Path, key: str) -> Path | None:
    """The archive that a whole draft has become, in one step; drafts too many and old archives go."""
    whole = [draft for draft in _drafts(folder, key) if _is_whole(draft)]
    if not whole:
        return None
    with whole[0].open("rb") as file:
        # If the machine now loses power, the archive is whole or not there.
        os.fsync(file.fileno())
    # Another session may take it over at the same moment; then this one does without.
    archive = whole[0].replace(folder / _name(key, whole[0]))
    for draft in whole[1:]:
        draft.unlink(missing_ok=True)
    others = sorted(folder.glob("*.jsa"), key=lambda other: other.stat().st_mtime, reverse=True)
    for other in [other for other in others if other != archive][KEPT - 1 :]:
        # A session that has mapped it keeps it until it ends.
        other.unlink(missing_ok=True)
    return archive


def _drafts(folder: Path, key: str) -> list[Path]:
    """Drafts of this archive that are whole or may become so; others, of whatever archive, are removed."""
    found = []
    for draft in folder.glob("*.draft"):
        is_abandoned = time.time() - draft.stat().st_mtime > CLAIM_S and not _is_whole(draft)
        if is_abandoned:
            draft.unlink(missing_ok=True)
        elif draft.name.startswith(f"{key}."):
            found.append(draft)
    return found


def _is_whole(draft: Path) -> bool:
    """Whether Java has written it to the end: it writes the start of the file, with a number that is not 0, last.

    One from before the machine last started is not: what was written then need not be on the disk.
    """
    with draft.open("rb") as file:
        return any(file.read(4)) and draft.stat().st_mtime > psutil.boot_time()


def _key(settings: Mapping[str, str], spark_home: Path) -> str:
    """Of the Java and the jars; whether they are the very ones, Java checks itself."""
    home = os.environ.get("JAVA_HOME")
    java = Path((Path(home) / "bin" / "java") if home else (shutil.which("java") or "java")).resolve()
    modules = java.parent.parent / "lib" / "modules"
    files = [modules if modules.is_file() else java, *sorted((spark_home / "jars").glob("*.jar"))]
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    parts = (version("delta-spark"), _has_wide_pointers(settings.get("spark.driver.memory", "")), facts)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _has_wide_pointers(memory: str) -> bool:
    """Whether the heap is so large that Java lays out objects in another way, for which an archive must be made."""
    size = re.match(r"(\d+)\s*([gt])", memory.lower())
    return size is not None and (size.group(2) == "t" or int(size.group(1)) >= 32)
