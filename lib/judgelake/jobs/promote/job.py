"""The promotion job: evidence, a decision, its record, and the alias; and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from judgelake.engine import Say, say_on_stderr
from judgelake.errors import RunError, UserError
from judgelake.jobs.evaluate import Chosen, Evaluation, compute
from judgelake.jobs.promote.config import PromoteJob
from judgelake.jobs.promote.contenders import Contender, chosen_way, contender_of, ways_asked
from judgelake.jobs.promote.decision import decide
from judgelake.jobs.promote.evidence import Evidence, Side, check_questions, evidence_of
from judgelake.jobs.promote.held_out import Counts, narrowed
from judgelake.jobs.promote.promotion import Promotion
from judgelake.jobs.promote.record import logged, mark_identities, marks_of
from judgelake.jobs.promote.registry import DECISION_TAG, Registry, Standing, Verdict
from judgelake.jobs.promote.trained_on import questions_of, training_of
from judgelake.runtime import CANDIDATE, CHAMPION, in_job_settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@in_job_settings
def promote(
    spark: SparkSession, job: PromoteJob, say: Say = say_on_stderr, *, dry_run: bool = False
) -> Promotion | None:
    """Make the candidate the champion if the labels show that it may be; None if it is the champion already.

    The alias moves as the last thing, and only if both aliases are where they were at the start.

    Args:
        spark: a session with Delta.
        job: which model, on which labels, by which thresholds.
        say: gets progress messages.
        dry_run: decide, and change and record nothing.

    Raises:
        UserError: there is no candidate, judgments or labels are missing, or something that the job names does not
            exist.
        RunError: an alias has moved meanwhile, or the candidate was champion before and that was undone.
    """
    registry = Registry.opened(job.model)
    standing = registry.standing()
    if standing.candidate is None:
        raise UserError(
            f"No version of {job.model!r} has the alias {CANDIDATE}: jobs/train.py gives it to the version that it "
            "registers, or set it yourself in MLflow."
        )
    if standing.candidate == standing.champion:
        return None
    deciding = _Deciding.of(spark, job, registry, standing, say)
    evaluation = compute(spark, job.evaluation(), say, deciding.narrow)
    evaluation.release()
    evidence = evidence_of(evaluation.rows, evaluation.job.headline.value, *deciding.sides(evaluation))
    check_questions(evidence, job.held_out.least_questions)
    found = deciding.decided(evaluation, evidence)
    if dry_run:
        return found
    say("recording the decision")
    if found.is_promoted:
        # Again just before the move; here so that no run in MLflow tells of a champion that there is not.
        registry.check_standing(standing)
    run_id = logged(job, found)
    with registry.marked(found.candidate.version, marks_of(found, run_id)):
        if found.is_promoted:
            registry.move_champion(standing.candidate, standing)
    if found.is_promoted:
        registry.tag(standing.candidate, {DECISION_TAG: Verdict.PROMOTED})
    mark_identities(registry, found)
    return replace(found, mlflow_run_id=run_id)


@dataclass(slots=True)
class _Deciding:
    """The two versions, and what is learned of them while the tables are narrowed to what decides."""

    spark: SparkSession
    job: PromoteJob
    registry: Registry
    contenders: tuple[Contender, ...]
    """The candidate, then the champion, if there is one."""
    fingerprints: dict[str, str] = field(default_factory=dict)
    """By alias."""
    notes: list[str] = field(default_factory=list)
    counts: Counts | None = None

    @classmethod
    def of(cls, spark: SparkSession, job: PromoteJob, registry: Registry, standing: Standing, say: Say) -> _Deciding:
        versions = {
            alias: registry.version(number)
            for alias, number in ((CANDIDATE, standing.candidate), (CHAMPION, standing.champion))
            if number is not None
        }
        candidate = versions[CANDIDATE]
        if candidate.tags.get(DECISION_TAG) == Verdict.UNDONE:
            raise RunError(
                f"Version {candidate.number} of {job.model!r} was champion and has been undone, so it is not promoted "
                f"again: train another one, or delete its tag {DECISION_TAG} in MLflow."
            )
        found = tuple(contender_of(alias, version, job.model_cache, say) for alias, version in versions.items())
        if len({one.identity for one in found}) < len(found):
            raise UserError(
                f"Version {candidate.number} of {job.model!r} has the same content as the champion, version "
                f"{standing.champion}, so there is nothing to promote."
            )
        return cls(spark, job, registry, found)

    def narrow(self, chosen: Chosen) -> Chosen:
        """The rows that decide; see `narrowed`."""
        table = self.job.tables.judgments
        if "labels" not in chosen.versions:
            raise UserError(
                f"There is no table {self.job.tables.labels!r}, so nothing can be decided: bring labels in with "
                "jobs/ingest.py."
            )
        ways = ways_asked(chosen.judgments, self.contenders)
        for one in self.contenders:
            self.fingerprints[one.alias] = chosen_way(one, ways[one.identity], table).fingerprint
        found = narrowed(chosen, self.job, self.fingerprints, self._trained_on())
        self.counts = found.counts
        return found.chosen

    def _trained_on(self) -> dict[str, DataFrame]:
        """The questions that each was trained on, by alias.

        Raises:
            UserError: those of the candidate are not known, and that is not accepted.
        """
        known: dict[str, DataFrame] = {}
        for one in self.contenders:
            questions, why = self._questions_of(one)
            if questions is not None:
                known[one.alias] = questions
            if why is None:
                continue
            wholly = "" if questions is None else "wholly "
            text = f"What {one.name}, the {one.alias}, was trained on is not {wholly}known ({why})"
            if one.alias == CANDIDATE and self.job.held_out.unknown_training == "refuse":
                raise UserError(
                    f"{text}: if you know that no question of the labels was among it, set held_out.unknown_training: "
                    "accept."
                )
            left = "its questions are" if questions is None else "what is not known is"
            self.notes.append(f"{text}: {left} not left out.")
        return known

    def _questions_of(self, one: Contender) -> tuple[DataFrame | None, str | None]:
        """The questions that one was trained on, as far as they are known, and why not all are."""
        questions, why = None, None
        try:
            training = training_of(self.registry, one.version)
            why = training.unknown
            for examples in training.examples:
                more = questions_of(self.spark, examples)
                questions = more if questions is None else questions.union(more)
        except UserError as error:
            why = str(error).rstrip(".")
        return questions, why

    def sides(self, evaluation: Evaluation) -> tuple[Side, Side | None]:
        """The candidate and the champion by their names in an evaluation."""
        names = {judge.fingerprint: judge.name for judge in evaluation.inputs.judges}
        sides = {alias: Side(one, names[one]) for alias, one in self.fingerprints.items()}
        return sides[CANDIDATE], sides.get(CHAMPION)

    def decided(self, evaluation: Evaluation, evidence: Evidence) -> Promotion:
        """The decision, with all that it was made by."""
        assert self.counts is not None, "the evaluation has narrowed its rows"
        candidate, *others = self.contenders
        return Promotion(
            candidate,
            others[0] if others else None,
            decide(evidence, self.job.thresholds, self.job.held_out.least_questions),
            evidence,
            self.counts,
            evaluation,
            tuple(self.notes),
        )
