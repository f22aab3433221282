"""Whether a judge gives answers of models of its own family more wins than the labels do.

The bias has two names: self-enhancement (MT-bench, Zheng et al. 2023, arXiv 2306.05685, section 3.3: win rates by judge
and by humans) and self-preference (Panickssery et al. 2024, arXiv 2404.13076). Here it is measured for a whole family
of models, since a judge is seldom itself among the models it judges. All figures take the label as the quality of the
answers. Labels are a noisy reading of it, so where the own family really is better, a judge without any preference can
differ from the labels too: the figures show what goes with the family, not why. Only counterfactual probes, the same
answer under another name, can show why.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil

import numpy as np
from numpy.typing import NDArray

from judgelake.comparisons import TIE
from judgelake.measures.beside_labelers import NO_TWO_LABELS, JudgeAndLabelers
from judgelake.measures.figure import Figure
from judgelake.measures.rules import NONE, WRONG, dense_counts
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import SEPARATOR, Table
from judgelake.measures.votes import VotedCounts

SIDES = ("own", TIE, "other")
"""What a verdict or a label can say of a comparison with one answer of a family: that one is better, or the other."""
VERDICTS = (*SIDES, NONE, WRONG)

NOTHING_ASKED = "no comparison has exactly one answer of the family"
NO_VERDICT = "no comparison of the family has a verdict"
NO_LABEL = "no comparison of the family has a verdict and a label"
NO_ERROR = "the judge makes no errors here"
ONE_SIDED = "the labels name only one of the two sides, so matching is not possible"

OWN, DRAWN, OTHER = range(len(SIDES))
# What the own family gets in each of `SIDES`.
_WINS = np.array([1.0, 0.5, 0.0])


def figures(table: Table) -> Iterator[Figure]:
    """What a judge and the labels give the judge's own family, on comparisons with exactly one answer of it.

    own_win_share is based on all verdicts, the others on those that also have a label, once for each vote. For
    own_error_share n is the number of errors among them, and asked the labelled comparisons that are errors or, without
    a verdict, might have been.

    Args:
        table: outcomes are (label, verdict): votes of `SIDES` (`VotedCounts`), and `VERDICTS`.
    """
    counts = VotedCounts.of(table, SIDES, (VERDICTS,))
    verdicts, both = counts.once[: len(SIDES)], counts.votes[:, : len(SIDES)]
    given, labelled = verdicts.sum(axis=0), both.sum(axis=(0, 1))
    judged, n = int(given[0]), int(labelled[0])
    asked = int(counts.votes[..., 0].sum())
    missing = NOTHING_ASKED if not table.n else NO_LABEL if judged else NO_VERDICT

    yield Figure("own_win_share", win_share(verdicts), judged, table.n, reason=missing, base=given)
    of_both = partial(Figure, n=n, asked=asked, base=labelled)
    yield of_both("own_win_share_of_labels", win_share(both.sum(axis=1)), reason=missing)
    yield of_both("self_preference", self_preference(both), reason=missing)
    matched = matched_self_preference(both)
    reason, trials = ONE_SIDED if n else missing, matched_trials(both)
    yield of_both("matched_self_preference", matched, reason=reason, trials=trials, extreme=0.5)
    wrong = labelled - np.einsum("cc...->...", both)
    share, errors, reason = own_error_share(both), ceil(wrong[0]), NO_ERROR if n else missing
    yield Figure("own_error_share", share, errors, errors + asked - n, reason=reason, base=wrong)


def figures_beyond_labelers(table: Table) -> Iterator[Figure]:
    """matched_self_preference_difference: the judge's `matched_self_preference` minus that of one labeler at another's.

    Of a labeler it is what that labeler gives the judge's family at the label of another. Both are based on the same
    comparisons, those with a verdict and labels from two labelers or more, so that questions are left out of both at
    once. `asked` is the labelled comparisons.

    Args:
        table: outcomes are (votes for own, votes for a tie, votes for other, verdict), of comparisons with a label.
    """
    both = JudgeAndLabelers.of(table, SIDES)
    yield Figure(
        "matched_self_preference_difference",
        matched_self_preference(both.of_judge) - matched_self_preference(both.of_labelers),
        both.n,
        both.asked,
        reason=ONE_SIDED if both.n else NO_TWO_LABELS,
        base=both.base,
    )


def win_share(said: NDArray[np.float64]) -> Replicates:
    """Share of comparisons that go to the own family, a tie counting one half; nan without any.

    Args:
        said: comparisons by what a judge or the labels say, shape (3, 1 + replicates), `SIDES` in order.
    """
    return ratio(_WINS @ said, said.sum(axis=0))


def self_preference(both: NDArray[np.float64]) -> Replicates:
    """The judge's `win_share` minus that of the labels on the same comparisons; nan without any.

    Above 0 the judge gives its family more than the labels do. But random errors pull every share towards one half: if
    its family is the better one, that alone makes this negative, and if it is the worse one, positive.
    `matched_self_preference` does not have this problem.

    Args:
        both: comparisons by label and verdict, shape (3, 3, 1 + replicates), `SIDES` in order; so below.

    Source: MT-bench (Zheng et al. 2023, arXiv 2306.05685), section 3.3, self-enhancement bias.
    """
    return win_share(both.sum(axis=0)) - win_share(both.sum(axis=1))


def matched_self_preference(both: NDArray[np.float64]) -> Replicates:
    """What `self_preference` would be if the labels named the own family as often as the other side.

    The judge's `win_share` where the labels name its family, where they name the other side, and where they say tie,
    the first two with equal weight, minus the one half that labels matched in this way give. It is 0 for a judge whose
    errors, given the label, go to both sides equally often. nan where the labels name only one of the two sides.

    Source: direct standardisation over the labels; comparing verdicts at equal labels is the idea of equal opportunity
    in Wataoka et al. 2024 (arXiv 2410.21819), "Self-preference bias in LLM-as-a-judge".
    """
    labels = both.sum(axis=1)
    wins = np.einsum("v,lv...->l...", _WINS, both)
    decided = labels[OWN] + labels[OTHER]
    matched = decided / 2 * (ratio(wins[OWN], labels[OWN]) + ratio(wins[OTHER], labels[OTHER]))
    # If all labels are ties there is nothing to match: the ties alone show which way the verdicts go.
    matched[decided == 0] = 0.0
    return ratio(matched + wins[DRAWN], labels.sum(axis=0)) - 0.5


def matched_trials(both: NDArray[np.float64]) -> float:
    """How many comparisons with equally many labels for each side would bound `matched_self_preference` equally well.

    If a side is seldom named, each of its comparisons has more weight, so seeing no bias in any of them says less.
    """
    labels = both[..., 0].sum(axis=1)
    decided = labels[OWN] + labels[OTHER]
    matched = 2 * min(labels[OWN], labels[OTHER]) / decided if decided else 1.0
    return float(labels.sum() * matched)


def own_error_share(both: NDArray[np.float64]) -> Replicates:
    """Share of the judge's errors that give its own family more than the label does; nan without errors.

    One half if errors go to both sides equally often and the labels name both sides equally often; for families of
    different quality it differs from one half without any bias.

    Source: Chen et al. 2025 (arXiv 2504.03846), who call preferring one's own worse answer harmful self-preference.
    """
    favours = _WINS[None, :] > _WINS[:, None]
    return ratio(both[favours].sum(axis=0), both[favours | favours.T].sum(axis=0))


def family_matrix(table: Table) -> Iterator[Figure]:
    """One judge's row of the matrix judge by family of the answers: the `win_share` of each family, as the subject.

    Args:
        table: outcomes are (family, verdict), where "own" is that family and the verdict is in `VERDICTS`. A comparison
            of two families is in it once for each of them; one within a family is not in it.

    Source: MT-bench (Zheng et al. 2023, arXiv 2306.05685), figure 3, win rates of the models under each judge.
    """
    families = sorted({outcome.split(SEPARATOR)[0] for outcome in table.counts})
    counts = dense_counts(table, (families, VERDICTS))
    for family, said in zip(families, counts, strict=True):
        verdicts = said[: len(SIDES)]
        base, asked = verdicts.sum(axis=0), int(said[:, 0].sum())
        share = win_share(verdicts)
        yield Figure("family_win_share", share, int(base[0]), asked, family, reason=NO_VERDICT, base=base)
