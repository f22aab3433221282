"""Delta's jars on this machine: jars that Ivy has downloaded once are reused without calling Ivy."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from judgelake.runtime.class_archive import cache_folder
from judgelake.whole_files import written_whole

RECORD = "jars.json"
# Through these a user may name further jars. Spark adds them to what Ivy finds, but our list would replace them.
OF_THE_USER = ("PYSPARK_SUBMIT_ARGS", "SPARK_CONF_DIR", "SPARK_HOME")
VERSION_AND_ENDING = re.compile(r"-\d[\w.\-]*\.jar$")


def known_jars(record: Path, spark_home: Path) -> str | None:
    """Delta's jars as a value of `spark.jars`; None if Ivy must be called, as at the first start.

    Ivy takes one to two seconds to find what it already has, and Spark then copies all of it, although most of
    the 86 MB are libraries that Spark includes and prefers.

    Args:
        record: written by `remember_jars`.
        spark_home: the folder of PySpark, for the jars that Spark includes.
    """
    if any(name in os.environ for name in OF_THE_USER) or (spark_home / "conf").exists():
        return None
    try:
        recorded = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(recorded, dict) or recorded.get("for") != _versions() or not recorded.get("jars"):
        return None
    jars = [Path(jar) for jar in recorded["jars"]]
    if not all(jar.is_file() for jar in jars):
        return None
    included = {artifact_of(jar.name) for jar in (spark_home / "jars").glob("*.jar")}
    # Ivy puts the organisation before the artifact: org.apache.hadoop_hadoop-client-api-3.4.2.jar.
    return ",".join(str(jar) for jar in jars if artifact_of(jar.name.partition("_")[2]) not in included)


def remember_jars(record: Path, jars: Iterable[str]) -> None:
    """Record the jars that Ivy started a session with; if they cannot be recorded, Ivy is called again next time."""
    content = {"for": _versions(), "jars": [jar.removeprefix("file:").replace("///", "/") for jar in jars]}
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        # Two sessions may start at once: a reader must never see a half-written file.
        with written_whole(record) as draft:
            draft.write_text(json.dumps(content), "utf-8")
    except OSError:
        return


def artifact_of(jar: str) -> str:
    """The name of a jar without its version: "delta-storage" of "delta-storage-4.4.0.jar"."""
    return VERSION_AND_ENDING.sub("", jar)


def record_path() -> Path:
    """The path of this user's record."""
    return cache_folder() / RECORD


def _versions() -> list[str]:
    return [version("delta-spark"), version("pyspark")]
