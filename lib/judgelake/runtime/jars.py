"""Delta's jars on this machine: those that Ivy has brought once are used again without asking it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

RECORD = "jars.json"
# Through these a user may name jars of their own. Spark adds them to what Ivy finds, a list of ours would replace them.
OF_THE_USER = ("PYSPARK_SUBMIT_ARGS", "SPARK_CONF_DIR", "SPARK_HOME")
VERSION_AND_ENDING = re.compile(r"-\d[\w.\-]*\.jar$")


def known_jars(record: Path, spark_home: Path) -> str | None:
    """Delta's jars as a value of `spark.jars`; None where Ivy has to be asked, as the first time.

    Ivy takes one to two seconds to find what it has already, and Spark then copies all of it, although most of
    the 86 MB are libraries that Spark brings itself and prefers.

    Args:
        record: written by `remember_jars`.
        spark_home: the folder of PySpark, for the jars that Spark brings.
    """
    if any(name in os.environ for name in OF_THE_USER) or (spark_home / "conf").exists():
        return None
    try:
        found = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("for") != _versions() or not found.get("jars"):
        return None
    jars = [Path(jar) for jar in found["jars"]]
    if not all(jar.is_file() for jar in jars):
        return None
    brought = {artifact_of(jar.name) for jar in (spark_home / "jars").glob("*.jar")}
    # Ivy puts the organisation in front of the artifact: org.apache.hadoop_hadoop-client-api-3.4.2.jar.
    return ",".join(str(jar) for jar in jars if artifact_of(jar.name.partition("_")[2]) not in brought)


def remember_jars(record: Path, jars: Iterable[str]) -> None:
    """Keep which jars a session was started with by Ivy; where that cannot be kept, Ivy is asked again."""
    content = {"for": _versions(), "jars": [jar.removeprefix("file:").replace("///", "/") for jar in jars]}
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        # Two sessions may start at once: a reader must never see half of it.
        half = record.with_name(f"{record.name}.{os.getpid()}")
        half.write_text(json.dumps(content), "utf-8")
        half.replace(record)
    except OSError:
        return


def artifact_of(jar: str) -> str:
    """The name of a jar without its version: "delta-storage" of "delta-storage-4.4.0.jar"."""
    return VERSION_AND_ENDING.sub("", jar)


def record_path() -> Path:
    """Where this user's record lies."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "judgelake" / RECORD


def _versions() -> list[str]:
    return [version("delta-spark"), version("pyspark")]
