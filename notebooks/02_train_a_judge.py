# Databricks notebook source
# MAGIC %md
# MAGIC # Train a judge from your labels
# MAGIC
# MAGIC Labelled comparisons go in; out come a judge of your own, how it compares with its base on labels that it has
# MAGIC not learned, and, if it passes the thresholds of `conf/promote.yaml`, the alias `champion`, under which jobs
# MAGIC ask it. Running a cell again adds only what is new. What each step means is in `docs/train.md` and
# MAGIC `docs/promote.md`.
# MAGIC
# MAGIC On Databricks install the library with `judgelake[gpu,train]` on a cluster with a GPU. Elsewhere this file
# MAGIC runs as it is, on a CPU in some ten minutes, after `make quickstart` has made the base:
# MAGIC `python notebooks/02_train_a_judge.py`.

# COMMAND ----------

import os
from pathlib import Path

from rich.console import Console

from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.evaluate import EvaluateJob, evaluate_and_report, show_headline
from judgelake.jobs.generate import GenerateJob, generate
from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.jobs.promote import PromoteJob, promote, show
from judgelake.jobs.train import TrainJob, plan_of, show_plan, train_planned
from judgelake.quickstart.train_demo import parted, read_labelled, to_jsonl
from judgelake.runtime import get_spark
from judgelake.sources import Files

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is learned, by which model, and where everything goes
# MAGIC
# MAGIC `LABELS` is a file in any layout of `docs/formats.md` that has labels. Settings are given as `key=value`, as
# MAGIC on the command line. What is learned, what tests it and what is new are in tables of their own: in a workspace
# MAGIC name them in `LEARN`, `TEST` and `NEW` (`tables.warehouse=null`, `tables.comparisons=main.learn.comparisons`,
# MAGIC `tables.labels=main.learn.labels`, ...), with a volume as `FOLDER` and `main.judges.my_judge` as `NAME`.
# MAGIC `RECIPE` is a file of `conf/train`; `lora.yaml` fits one GPU.

# COMMAND ----------

LABELS = Path(os.environ.get("JUDGELAKE_LABEL_FILE", "samples/comparisons.jsonl"))
FORMAT = "judgelake"
FILE = Path("samples/unlabelled.jsonl")
FOLDER = Path(os.environ.get("JUDGELAKE_FOLDER", "train-demo/notebook"))
NAME = "my-judge"
BASE = "models/smollm2-135m"
RECIPE = "conf/train/cpu-small.yaml"
TRAINING = ["recipe.epochs=7", "recipe.batch_rows=8", "examples.validation=24"]
# How base and candidate are asked: in the mode of the recipe. So small a base puts less than half of the probability on
# its labels, which is what least_label_mass usually demands.
JUDGING = ["judge.name=chat", "judge.mode=pair-logprobs", "judge.least_label_mass=0.1"]
LEARN, TEST, NEW = ([f"tables.warehouse={FOLDER}/{name}"] for name in ("learn", "test", "new"))

console = Console()
spark = get_spark(load_config(IngestJob, None, LEARN).tables, app_name="judgelake notebook")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Labels in two parts
# MAGIC
# MAGIC Half of the questions are learned, the other half tests: a judge that has seen a question is not tested by it.
# MAGIC With a test set of your own, ingest both files as they are.

# COMMAND ----------

parts = parted(read_labelled(FORMAT, [LABELS]).pairs, most_learned=1000, most_tested=500)
FOLDER.mkdir(parents=True, exist_ok=True)
for name, pairs, settings in (("learned", parts.learned, LEARN), ("tested", parts.tested, TEST)):
    path = FOLDER / f"{name}.jsonl"
    path.write_text(to_jsonl(pairs), "utf-8")
    print(name, ingest(spark, load_config(IngestJob, None, settings), "judgelake", Files(inputs=(path,))))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Training examples
# MAGIC
# MAGIC What most labelers say is learned. A fifth of the questions is kept for the validation, which chooses the
# MAGIC weights.

# COMMAND ----------

TEACHERS = "examples.teachers=[{name: people, labels: {labeler: null}}]"
comparisons = load_config(IngestJob, None, LEARN).tables.comparisons
examples = [*LEARN, f"examples.table={comparisons}", TEACHERS, "examples.validation_share=0.2"]
generate(spark, load_config(GenerateJob, None, examples), ["examples"])

# COMMAND ----------

# MAGIC %md
# MAGIC ## What would be learned
# MAGIC
# MAGIC Rows by label, tokens, steps, memory, and what the licences of base and examples forbid; nothing is trained
# MAGIC yet.

# COMMAND ----------

own = [*LEARN, f"judge.base={BASE}", f"output={FOLDER}/model", f"mlflow.register_as={NAME}"]
plan = plan_of(spark, load_config(TrainJob, RECIPE, [*own, *TRAINING]), print)
show_plan(console, plan)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Train
# MAGIC
# MAGIC A training that was stopped goes on from its last checkpoint. The model is registered, with the alias
# MAGIC `candidate`.

# COMMAND ----------

trained = train_planned(plan, print)
print(trained.registered)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Before and after
# MAGIC
# MAGIC Base and candidate judge the test in both orders. The evaluation compares both with the labels, and with each
# MAGIC other on the same questions; every number has its interval.

# COMMAND ----------

before, after = (
    judge(spark, load_config(JudgeJob, None, [*TEST, *JUDGING, f"judge.model={model}"]))
    for model in (BASE, f"models:/{NAME}@candidate")
)
both = f"judgments_where=judge_fingerprint IN ('{before.judge.fingerprint}', '{after.judge.fingerprint}')"
evaluated = evaluate_and_report(spark, load_config(EvaluateJob, None, [*TEST, both, f"report={FOLDER}/report.html"]))
show_headline(console, evaluated)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Promote
# MAGIC
# MAGIC The thresholds are those of `conf/promote.yaml`. Of fewer than 100 questions nothing is decided, as with the
# MAGIC shipped sample: then the file below is judged by the candidate.

# COMMAND ----------

try:
    promotion = promote(spark, load_config(PromoteJob, None, [*TEST, f"model={NAME}"]), print)
    if promotion is not None:
        show(console, promotion)
    alias = "champion" if promotion is None or promotion.is_promoted else "candidate"
except UserError as reason:
    print(f"The candidate does not become champion: {reason}")
    alias = "candidate"

# COMMAND ----------

# MAGIC %md
# MAGIC ## Judge a file
# MAGIC
# MAGIC A job that names the alias judges with the new version from its next run on.

# COMMAND ----------

ingest(spark, load_config(IngestJob, None, NEW), "judgelake", Files(inputs=(FILE,)))
judging = load_config(JudgeJob, None, [*NEW, *JUDGING, f"judge.model=models:/{NAME}@{alias}"])
judge(spark, judging)
spark.table(judging.tables.judgments_both_orders).select("comparison_id", "judge", "verdict_ab", "verdict_ba").show()

# COMMAND ----------

evaluated
