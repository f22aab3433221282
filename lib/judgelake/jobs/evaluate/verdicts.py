"""The verdicts of a comparison side by side: of a judge in both orders, and of the labelers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from judgelake.comparisons import LETTERS
from judgelake.jobs.evaluate.config import Labels
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.measures.families import ROUNDING, VERDICTS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

OWN, REVERSED = "AB", "BA"
FAILED, NOT_ASKED = VERDICTS.index("failed"), VERDICTS.index("not_asked")
# The number of attempts that can be encoded below a time in microseconds.
ATTEMPTS = 1_000
VOTES = ("votes_A", "votes_B", "votes_tie")


def numbered(judgments: DataFrame, judges: Sequence[JudgeInfo]) -> DataFrame:
    """The judgments with a `judge_number`, by fingerprint."""
    by_fingerprint = F.create_map(*(F.lit(item) for judge in judges for item in (judge.fingerprint, judge.number)))
    return judgments.withColumn("judge_number", F.element_at(by_fingerprint, F.col("judge_fingerprint")))


def both_orders(
    judgments: DataFrame,
    *,
    scored: Sequence[int] | None = None,
    log_odds: Column | None = None,
    has_controls: bool = False,
    has_masses: bool = False,
) -> DataFrame:
    """One row per comparison of two answers and judge: verdict and margin in each order, and what else is wanted.

    The verdicts `own` and `reversed` are indices in `VERDICTS`, of the latest judgment in each order (an earlier
    attempt, or one on an earlier text of the comparison, does not count) and of the first repeat. If the latest
    judgments of the two orders are of different texts, the older one counts as not asked; for imported judgments the
    texts are not known. Those of `margin` are `own_margin` and `reversed_margin`.

    Args:
        judgments: with `judge_number`.
        scored: numbers of the judges whose scores are averaged over both orders; for others the average counts as not
            asked, also where they failed. None: no `by_average` is wanted.
        log_odds: of a judgment; None: no `own_log_odds` and `reversed_log_odds` are wanted.
        has_controls: whether `controls` is wanted, see `controls_of`: the highest of both orders.
        has_masses: whether `own_mass` and `reversed_mass` are wanted: the probability of all labels together.
    """
    first = judgments.where((F.col("repeat") == 0) & F.col("shown_order").isin(OWN, REVERSED)).select(
        "comparison_id",
        "judge_number",
        (F.col("shown_order") == OWN).alias("is_own"),
        # Numbers, not texts: then Spark aggregates by hash and does not sort all judgments first.
        code_of(F.col("status"), F.col("verdict")).alias("code"),
        "margin",
        lead_of_scores().alias("lead"),
        text_of(judgments),
        moment_of(judgments).alias("moment"),
        *(() if log_odds is None else (log_odds.alias("log_odds"),)),
        *((controls_of(judgments).alias("controls"),) if has_controls else ()),
        *((mass_of(judgments).alias("mass"),) if has_masses else ()),
    )
    wanted = {"": "code", "_margin": "margin", "_text": "text"}
    wanted |= ({"_lead": "lead"} if scored else {}) | ({} if log_odds is None else {"_log_odds": "log_odds"})
    wanted |= {"_mass": "mass"} if has_masses else {}
    asked: dict[str, Column] = {}
    for name, order in (("own", F.col("is_own")), ("reversed", ~F.col("is_own"))):
        moment = F.when(order, F.col("moment"))
        asked |= {name + ending: F.max_by(value, moment) for ending, value in wanted.items()}
        asked[f"{name}_at"] = F.max(moment)
    if has_controls:
        asked["controls"] = F.max("controls")
    wide = first.groupBy("comparison_id", "judge_number").agg(*(value.alias(name) for name, value in asked.items()))
    wide = _of_one_text(wide)
    codes = {name: F.coalesce(name, F.lit(NOT_ASKED)) for name in ("own", "reversed")}
    if scored is not None:
        codes["by_average"] = _average(scored) if scored else F.lit(NOT_ASKED)
    return wide.withColumns(codes)


def controls_of(judgments: DataFrame) -> Column:
    """0: no control strings in the material; 1: some, without an answer; 2: sent as token ids; 3: as text.

    NULL if it is not known whether there are any.
    """
    # A pinned version may be from before the columns.
    if not {"control_strings", "prompt_sent_as"} <= set(judgments.columns):
        return F.lit(None).cast("int")
    sent = F.when(F.col("prompt_sent_as") == "ids", 2).when(F.col("prompt_sent_as") == "text", 3).otherwise(1)
    return F.when(F.size("control_strings") == 0, 0).when(F.size("control_strings") > 0, sent)


def mass_of(judgments: DataFrame) -> Column:
    """The probability of all labels of a judgment together; NULL if it is not known."""
    # A pinned version may be from before the column.
    unknown = F.lit(None).cast("double")
    return F.nanvl("label_mass", unknown) if "label_mass" in judgments.columns else unknown


def moment_of(judgments: DataFrame) -> Column:
    """A number that grows with the time of a judgment, and for equal times with the attempt.

    One number, since a struct of both would make Spark sort all judgments.
    """
    attempt = F.least("attempt", F.lit(ATTEMPTS - 1)) if "attempt" in judgments.columns else F.lit(0)
    return F.unix_micros("judged_at") * ATTEMPTS + F.coalesce(attempt, F.lit(0))


def text_of(judgments: DataFrame) -> Column:
    """`text`: a hash of the texts judged, the same in all orders; NULL if they are not known."""
    # A pinned version may be from before the column.
    sha = F.col("content_sha256") if "content_sha256" in judgments.columns else F.lit(None).cast("string")
    return F.when(sha.isNotNull(), F.xxhash64(sha)).alias("text")


def _of_one_text(wide: DataFrame) -> DataFrame:
    """NULL for all of the older of two orders, if it is about another text."""
    is_edited = F.coalesce(F.col("own_text") != F.col("reversed_text"), F.lit(False))
    is_old = {
        "own": is_edited & (F.col("own_at") < F.col("reversed_at")),
        "reversed": is_edited & (F.col("own_at") >= F.col("reversed_at")),
    }
    of_order = {name: name.partition("_")[0] for name in wide.columns}
    kept = {name: F.when(~is_old[order], F.col(name)) for name, order in of_order.items() if order in is_old}
    return wide.withColumns(kept).drop("own_text", "reversed_text", "own_at", "reversed_at")


def code_of(status: Column, verdict: Column) -> Column:
    """The index in `VERDICTS` of one judgment."""
    code = F.when(status != "ok", FAILED)
    for place, name in enumerate(VERDICTS[:FAILED]):
        code = code.when(verdict == name, place)
    return code.otherwise(FAILED)


def votes_of(labels: DataFrame, rule: Labels) -> DataFrame:
    """One row per labeled comparison of two answers: votes that count for A, for B and for a tie, and `is_split`.

    With every rule except each there is at most one vote. For labels that are scores the sign of their difference gives
    the verdict; with the rule mean, if all labels of a comparison are scores, the sign of the mean difference.
    `label_lead` is the size of the difference of the two answers' scores: of the mean with that rule, else averaged
    over the labelers. `is_split` marks votes for which the rule gives no label. `all_votes` are the votes for A, for B
    and for a tie, whatever the rule.
    """
    lead = lead_of_scores()
    votes = labels.withColumns({"lead": lead, "vote": F.coalesce("verdict", side_of(lead, rule.tie_margin))})
    counts = votes.groupBy("comparison_id").agg(
        *(F.count_if(F.col("vote") == name.removeprefix("votes_")).alias(name) for name in VOTES),
        F.avg(F.abs("lead")).alias("label_lead"),
        F.avg("lead").alias("mean_lead"),
        F.count("lead").alias("leads"),
    )
    return _chosen(counts.withColumn("all_votes", F.array(*VOTES)), rule).drop("mean_lead", "leads")


def _chosen(counts: DataFrame, rule: Labels) -> DataFrame:
    """The votes of each comparison that count by the rule."""
    if rule.rule == "each":
        return counts.withColumn("is_split", F.lit(False))
    total = F.col("votes_A") + F.col("votes_B") + F.col("votes_tie")
    needed = total if rule.rule == "unanimous" else F.floor(total / 2) + 1
    won = {name: (F.col(name) >= needed) & (total > 0) for name in VOTES}
    leads = F.col("label_lead")
    if rule.rule == "mean":
        # If only some labelers gave scores there is no mean over all: then the majority of their votes counts.
        mean = F.when(F.col("leads") == total, F.col("mean_lead"))
        of_mean = side_of(mean, rule.tie_margin)
        won = {name: F.coalesce(of_mean == name.removeprefix("votes_"), found) for name, found in won.items()}
        leads = F.coalesce(F.abs(mean), leads)
    chosen = {name: found.cast("long") for name, found in won.items()}
    is_split = (total > 0) & ~reduce(Column.__or__, won.values())
    return counts.withColumns({**chosen, "is_split": is_split, "label_lead": leads})


def best_of(scores: str, tie_margin: float = 0.0) -> Column:
    """The verdict of the scores in a column: the letter of the best, and a tie where another is within `tie_margin`.

    NULL if there are fewer than two. As `judges.verdict_of_scores`, but scores that differ by rounding alone are equal.
    """
    best, places = F.array_max(scores), F.sequence(F.lit(1), F.size(scores))
    near = F.filter(places, lambda place: F.element_at(scores, place) >= best - tie_margin - ROUNDING)
    letter = F.substring(F.lit(LETTERS), F.element_at(near, 1), F.lit(1))
    return F.when(F.size(scores) > 1, F.when(F.size(near) > 1, "tie").otherwise(letter))


def vote_of(tie_margin: float) -> Column:
    """The vote of one label, from `verdict` and `scores`: a letter, a tie, or NULL if it scores one answer."""
    return F.coalesce("verdict", best_of("scores", tie_margin))


def lead_of_scores() -> Column:
    """The first of two scores minus the second; NULL without two numbers."""
    both = F.element_at("scores", 1) - F.element_at("scores", 2)
    return F.when(F.size("scores") == 2, F.nanvl(both, F.lit(None).cast("double")))


def side_of(lead: Column, tie_margin: float = 0.0) -> Column:
    """The verdict of the first score minus the second; NULL if that is NULL. Rounding errors are below `ROUNDING`."""
    return F.when(F.abs(lead) <= tie_margin + ROUNDING, "tie").when(lead > 0, "A").when(lead < 0, "B")


def _average(scored: Sequence[int]) -> Column:
    """The verdict of the scores averaged over both orders; failed if one of them has, not asked without scores."""
    side = side_of(F.col("own_lead") + F.col("reversed_lead"))
    either_lacks = F.col("own").isNull() | F.col("reversed").isNull()
    either_failed = F.col("judge_number").isin(*scored) & ((F.col("own") == FAILED) | (F.col("reversed") == FAILED))
    average = F.when(either_lacks, NOT_ASKED)
    for place, name in enumerate(VERDICTS[:FAILED]):
        average = average.when(side == name, place)
    return average.when(either_failed, FAILED).otherwise(NOT_ASKED)
