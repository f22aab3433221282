# Databricks notebook source
# MAGIC %md
# MAGIC # Judge a table and see how far the judge can be trusted
# MAGIC
# MAGIC A table of comparisons goes in; judgments, metrics and a report come out. Every cell calls the library; what
# MAGIC each setting means is written in `conf/judge.yaml` and `conf/evaluate.yaml`.
# MAGIC
# MAGIC On Databricks install the library on the cluster (`judgelake[gpu]` for judging on its GPUs). Elsewhere this file
# MAGIC runs as it is: `python notebooks/01_judge_and_evaluate.py`.

# COMMAND ----------

import os

from judgelake.jobs.judge import JudgeJob
from judgelake.config import Tables, load_config, load_tables
from judgelake.jobs.evaluate import evaluate_and_report, show_headline
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.jobs.judge import judge
from judgelake.runtime import get_spark
from judgelake.sources import Files

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is judged, and by whom
# MAGIC
# MAGIC Settings are given as `key=value`, as on the command line. In a workspace name your own tables
# MAGIC (`tables.warehouse=null`, `tables.comparisons=main.judging.comparisons`, ...) and your judge's model.

# COMMAND ----------

SAMPLE = os.environ.get("JUDGELAKE_SAMPLE", "samples/comparisons.jsonl")
SETTINGS = os.environ.get("JUDGELAKE_SETTINGS", "judge.name=chat judge.model=models/smollm2-135m").split()
PAIRS = "size(answers) = 2 AND answers[0].turns IS NULL"

tables: Tables = load_tables(None, [item for item in SETTINGS if item.startswith("tables.")])
spark = get_spark(tables, app_name="judgelake notebook")

# COMMAND ----------

# MAGIC %md
# MAGIC ## A table in
# MAGIC
# MAGIC The shipped sample: questions with a good and a flawed answer and a gold label. The columns of a table of your
# MAGIC own are mapped by `--format table` (see `conf/ingest.yaml`).

# COMMAND ----------

from pathlib import Path

ingest(spark, IngestJob(tables=tables), "judgelake", Files(inputs=(Path(SAMPLE),)))
spark.table(tables.comparisons).groupBy("source").count().show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Judgments
# MAGIC
# MAGIC Both orders of every comparison are asked, each once: running this cell again asks only what is new.

# COMMAND ----------

run = judge(spark, load_config(JudgeJob, None, [*SETTINGS, f'input.where="{PAIRS}"']))
spark.table(tables.judgments_both_orders).groupBy("judge", "verdict_ab", "verdict_ba").count().show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Metrics, with their uncertainty
# MAGIC
# MAGIC Every number stands in the table `metrics` with its interval, n, questions, coverage and rules.

# COMMAND ----------

kept = ("tables.", "mlflow.")
evaluation_settings = [item for item in SETTINGS if item.startswith(kept)]
evaluated = evaluate_and_report(spark, load_config(EvaluateJob, None, [*evaluation_settings, f'where="{PAIRS}"']))
spark.table(tables.judge_leaderboard).select("judge", "metric", "swap_rule", "value", "n", "consistency").show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## The report
# MAGIC
# MAGIC The value of the last line is shown as the whole report; outside a notebook it lies where `evaluated.report`
# MAGIC says.

# COMMAND ----------

from rich.console import Console

show_headline(Console(), evaluated)
evaluated
