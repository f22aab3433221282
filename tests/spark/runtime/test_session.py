"""Sessions not created by judgelake: spark-submit's, with the settings it was given, and one that already ran."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pyspark
import pytest
from small_lake import lake_of_its_own

from judgelake.cli import main as cli
from judgelake.jobs.judge import main as judge_main
from judgelake.runtime import cancel_jobs, get_spark, submitted, tag_jobs

GIVEN = {
    "spark.master": "local[1]",
    "spark.driver.memory": "512m",
    "spark.driver.host": "localhost",
    "spark.driver.bindAddress": "0.0.0.0",
    "spark.sql.shuffle.partitions": "7",
    "spark.sql.session.timeZone": "Europe/Zurich",
    "spark.ui.enabled": "false",
    "spark.app.name": "the user's own",
}
SCRIPT = """
import json, sys
from judgelake.config import Tables
from judgelake.runtime import get_spark, stop_spark
spark = get_spark(Tables(warehouse="of_the_job"), app_name="ours")
settings = dict(spark.sparkContext.getConf().getAll())
settings |= {name: spark.conf.get(name) for name in settings if name.startswith("spark.sql.")}
spark.range(3).write.format("delta").save("table")
settings["rows"] = spark.read.format("delta").load("table").count()
stop_spark(spark)
settings["is_stopped"] = spark.sparkContext._jsc is None
print("settings: " + json.dumps(settings))
"""


def test_spark_submits_own_settings_are_kept_and_delta_is_added(spark, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    ours = dict(spark.sparkContext.getConf().getAll())
    jars = {name: ours[name] for name in ("spark.jars", "spark.jars.packages") if name in ours}
    given = [f"--conf={name}={value}" for name, value in {**GIVEN, **jars}.items()]
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(Path(pyspark.__file__).parent)}
    command = [str(submit), *given, str(tmp_path / "script.py")]
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    lines = [line for line in answer.stdout.splitlines() if line.startswith("settings: ")]
    assert lines, answer.stdout + answer.stderr
    settings = json.loads(lines[0].removeprefix("settings: "))
    assert {name: settings[name] for name in GIVEN} == GIVEN
    assert "spark.sql.warehouse.dir" not in settings or "of_the_job" not in settings["spark.sql.warehouse.dir"]
    assert "UseParallelGC" not in settings.get("spark.driver.extraJavaOptions", "")
    assert (settings["rows"], settings["is_stopped"]) == (3, True)


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory):
    return lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_session")


@pytest.fixture
def in_an_empty_folder(lake, tmp_path, monkeypatch):
    for name, value in lake.model_dump().items():
        monkeypatch.setenv(f"JUDGELAKE_{name.upper()}", value)
    monkeypatch.chdir(tmp_path)


def test_commands_leave_a_session_running_that_was_there_before(spark, add_pairs, in_an_empty_folder, capsys):
    add_pairs([("c1", "Q?", "a", "b")])
    job = ["judge.name=judgelm", "judge.model=test-judge", "mlflow.enabled=false"]
    assert judge_main(["--dry-run", *(f"--set={item}" for item in job)]) == 0
    assert cli(["sql", "SELECT 1 AS one"]) == 0
    assert capsys.readouterr().out.endswith("one\n1\n")
    assert spark.range(3).count() == 3


def test_a_failing_query_is_one_sentence_without_pysparks_line_of_json(spark, in_an_empty_folder, capfd):
    assert cli(["sql", "SELECT no_such_column FROM range(1)"]) == 2
    error = capfd.readouterr().err
    assert "no_such_column" in error
    assert len(error.splitlines()) == 1, error


def test_the_session_in_use_is_given_again(spark, tables):
    assert get_spark(tables) is not None
    assert get_spark(tables).sparkContext is spark.sparkContext


def test_work_in_a_thread_belongs_to_the_job_group_and_tags_of_its_caller(spark):
    spark.sparkContext.setJobGroup("a notebook's command", "")
    spark.addTag("nightly")
    try:
        with ThreadPoolExecutor(1) as pool:
            group = submitted(spark, pool, spark.sparkContext.getLocalProperty, "spark.jobGroup.id").result()
            tags = submitted(spark, pool, spark.getTags).result()
    finally:
        spark.clearTags()
        spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)
        spark.sparkContext.setLocalProperty("spark.job.description", None)
    assert (group, tags) == ("a notebook's command", {"nightly"})


def test_the_jobs_of_a_thread_are_cancelled_from_another(spark):
    def slow(batches):
        for batch in batches:
            yield batch
            time.sleep(60)

    def work():
        tag_jobs(spark, "to be cancelled")
        spark.range(1).mapInArrow(slow, "id long").collect()

    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        working = submitted(spark, pool, work)
        while not wait([working], timeout=0.5).done and time.monotonic() < began + 50:
            cancel_jobs(spark, "to be cancelled")
        with pytest.raises(Exception, match=r"(?i)cancel"):
            working.result()
    assert time.monotonic() < began + 50
