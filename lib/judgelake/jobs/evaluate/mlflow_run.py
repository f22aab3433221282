"""An evaluation in MLflow: one run for the whole, one below it for each judge, linked to the judge's model version."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from judgelake.jobs.evaluate.evaluation import Evaluation
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.rows import by_judge, failure_rule_text, label_rule_text
from judgelake.jobs.evaluate.sections import headline_kind, is_by_rule
from judgelake.measures import PAIRS, Result, main_metrics, metric_named
from judgelake.report import Confusion, JudgeCard
from judgelake.runtime import flat, table_dataset, tracked_run

IMPORTED_LATE = ("matplotlib.figure", "mlflow.entities")
"""What takes long to import and is needed only here; see `warm_up`."""
FINGERPRINT_TAG = "judgelake.judge_fingerprint"
# As many as MLflow returns in one answer; if there are more, those changed last.
MOST_EXPERIMENTS = 1_000
# Where results go does not change them; families may have more models than MLflow accepts parameters.
NO_PARAMS = {"families", "report", "cards", "mlflow", "versions"}


def track(
    evaluation: Evaluation,
    cards: Mapping[str, JudgeCard],
    report: Path | None,
    until_written: Callable[[], None] = lambda: None,
) -> str:
    """Log the evaluation and return the id of its MLflow run, which is nested in a run that the caller has open.

    Every judge's run has metrics and parameters of the same names (agreement, consistency, ...), so that MLflow can
    compare judges, and evaluations, side by side.

    Args:
        evaluation: what was computed.
        cards: the judge cards, by fingerprint; one for each judge.
        report: the written report.
        until_written: waits until the metrics table has the rows; what it raises makes the run a failed one.

    Raises:
        UserError: no server responds at the tracking address, or MLflow does not accept the experiment or the run.
        mlflow.MlflowException, OSError: those in `judgelake.runtime.tracking.tracking_errors`, while logging.
    """
    job, read = evaluation.job, evaluation.inputs.versions
    with tracked_run(job.mlflow, f"evaluation-{evaluation.run_id[:8]}") as run_id:
        import mlflow

        assert run_id is not None, "only an evaluation that is logged comes here"
        datasets = {name: table_dataset(job.tables, one.table, one.location, one.version) for name, one in read.items()}
        _describe(mlflow, evaluation, datasets)
        if report is not None:
            mlflow.log_artifact(str(report))
        of_judges, logging = by_judge(evaluation.rows), _Judges.of(mlflow, evaluation, datasets)
        for judge in evaluation.inputs.judges:
            logging.log(judge, of_judges.get(judge.fingerprint, []), cards[judge.fingerprint])
        until_written()
    return run_id


def headline_metrics(rows: Sequence[Result], headline_rule: str) -> dict[str, float]:
    """The numbers of a judge as a whole, by the names of the metrics.

    An interval becomes two more metrics, NAME.low and NAME.high; the agreement by another swap rule is agreement/RULE,
    that of strict agreement_when_consistent.
    `n` and `coverage` are those of the judge's first headline figure. Figures with a subject (a class, a model, a game,
    a cell of the confusion) are only in the metrics table: names from tables may have characters that MLflow rejects.

    Args:
        rows: of one judge.
        headline_rule: the headline's swap rule.
    """
    of_judge_alone = (row for row in rows if row.is_whole and row.subject is None)
    whole = [row for row in of_judge_alone if metric_named(row.metric).is_shown]
    found: dict[str, float | None] = {}
    for row in whole:
        name = row.metric
        if not is_by_rule(row, headline_rule):
            main, *stand_ins = main_metrics(PAIRS)
            if name not in (main, *stand_ins):
                continue
            name = name if name in stand_ins else f"{name}/{row.swap_rule}"
        found |= {name: row.value, f"{name}.low": row.low, f"{name}.high": row.high}
    main_figures = main_metrics(headline_kind(whole))
    for row in whole:
        if row.metric in main_figures and is_by_rule(row, headline_rule):
            found |= {"n": row.n, "coverage": row.coverage}
    return {name: float(value) for name, value in found.items() if value is not None}


def _describe(mlflow: Any, evaluation: Evaluation, datasets: Mapping[str, Any]) -> None:
    """Log to the open run the rules and the table versions of its numbers."""
    label_rule = label_rule_text(evaluation.job, evaluation.inputs) or "no labels"
    mlflow.set_tags(
        {
            "judgelake.measures": evaluation.run_id,
            "judgelake.swap_rule": evaluation.job.headline.value,
            "judgelake.label_rule": label_rule,
        }
    )
    job = evaluation.job.model_dump(mode="json")
    versions = {f"versions.{name}": pinned.version for name, pinned in evaluation.inputs.versions.items()}
    texts = {
        "swap_rules": ", ".join(evaluation.job.rules),
        "failure_rule": failure_rule_text(evaluation.job),
        "label_rule": label_rule,
        "families": json.dumps(job["families"], sort_keys=True),
    }
    mlflow.log_params(flat({name: value for name, value in job.items() if name not in NO_PARAMS}) | versions | texts)
    names = list(datasets)
    mlflow.log_inputs([datasets[name] for name in names], contexts=names, tags_list=[None] * len(names))


@dataclass(frozen=True, slots=True)
class _Judges:
    """Logs the judges of one evaluation, each as a run nested in the evaluation's."""

    mlflow: Any
    evaluation: Evaluation
    datasets: Mapping[str, Any]
    experiments: tuple[str, ...]
    """Ids of those in which a judge's model version may be."""

    @classmethod
    def of(cls, mlflow: Any, evaluation: Evaluation, datasets: Mapping[str, Any]) -> _Judges:
        found = mlflow.search_experiments(max_results=MOST_EXPERIMENTS, order_by=["last_update_time DESC"])
        return cls(mlflow, evaluation, datasets, tuple(one.experiment_id for one in found))

    def log(self, judge: JudgeInfo, rows: Sequence[Result], card: JudgeCard) -> None:
        """Log one judge, with its figures in `rows`."""
        from mlflow.entities import LoggedModelInput  # seconds to import

        mlflow, evaluation = self.mlflow, self.evaluation
        with mlflow.start_run(run_name=f"{judge.name}-{evaluation.run_id[:8]}", nested=True) as run:
            model = self._model_of(judge, run)
            # By the client: `mlflow.log_inputs` accepts models only on Databricks.
            mlflow.MlflowClient().log_inputs(run.info.run_id, models=[LoggedModelInput(model.model_id)])
            _describe(mlflow, evaluation, self.datasets)
            mlflow.set_tags({"judgelake.judge": judge.name, FINGERPRINT_TAG: judge.fingerprint})
            mlflow.log_params(_params_of(judge))
            metrics = headline_metrics(rows, evaluation.job.headline.value)
            if metrics:
                mlflow.log_metrics(metrics, model_id=model.model_id, dataset=self.datasets.get("labels"))
            if isinstance(card.section.confusion, Confusion):
                mlflow.log_figure(_confusion_figure(card.section.confusion, judge.name), "confusion.png")
            _attach(mlflow, card, model.model_id)

    def _model_of(self, judge: JudgeInfo, run: Any) -> Any:
        """The judge's model version in MLflow, found by its fingerprint in any experiment, created if it is new."""
        known = self.mlflow.search_logged_models(
            experiment_ids=list(dict.fromkeys([run.info.experiment_id, *self.experiments])),
            filter_string=f"tags.`{FINGERPRINT_TAG}` = '{judge.fingerprint}'",
            max_results=1,
            order_by=[{"field_name": "creation_time", "ascending": True}],
            output_format="list",
        )
        if known:
            return known[0]
        name = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in judge.judge)
        return self.mlflow.create_external_model(
            name=name,
            source_run_id=run.info.run_id,
            model_type="judge",
            tags={FINGERPRINT_TAG: judge.fingerprint, "judgelake.model_version": judge.model_version},
            params={"judge": judge.judge, "mode": judge.mode, "model_version": judge.model_version},
        )


def _params_of(judge: JudgeInfo) -> dict[str, str]:
    return {
        "judge": judge.judge,
        "judge_fingerprint": judge.fingerprint,
        "model_version": judge.model_version,
        "mode": judge.mode,
    }


def _attach(mlflow: Any, card: JudgeCard, model_id: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("judge_card.json", card.to_json()), ("judge_card.md", card.to_markdown())):
            path = Path(folder) / name
            path.write_text(text, "utf-8")
            mlflow.log_artifact(str(path))
            mlflow.MlflowClient().log_model_artifact(model_id, str(path))


def _confusion_figure(confusion: Confusion, title: str) -> Any:
    """Labels by verdicts as a picture."""
    from matplotlib.figure import Figure as Picture  # seconds to import

    shown = np.array(confusion.counts)
    labels, verdicts = confusion.labels, confusion.verdicts
    picture = Picture(figsize=(4.5, 4))
    axes = picture.subplots()
    axes.imshow(shown, cmap="Blues")
    axes.set(xticks=range(len(verdicts)), yticks=range(len(labels)), xticklabels=verdicts, yticklabels=labels)
    axes.set(xlabel=f"verdict, swap rule {confusion.swap_rule}", ylabel="label")
    # A judge's name may contain what matplotlib takes as a formula.
    axes.set_title(title, parse_math=False)
    dark = shown.max() / 2
    for (row, column), count in np.ndenumerate(shown):
        axes.text(column, row, f"{count:,}", ha="center", va="center", color="white" if count > dark else "black")
    picture.tight_layout()
    return picture
