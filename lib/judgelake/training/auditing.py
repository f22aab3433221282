"""What training rows hold, looked at before the first step: a wrong row gives a normal-looking loss curve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from judgelake.comparisons import Failure, orders_of, own_label
from judgelake.errors import UserError
from judgelake.training.choices import Choice
from judgelake.training.example import Example, label_of
from judgelake.training.maker import RowMaker
from judgelake.training.row import LeftOut, Row

LISTED = 10
SINGLE = "a score"
"""In `Audit.labels`: the rows of single answers."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts of rows, and the first of those that may not be trained on; of two parts, `merged` is that of all."""

    asked: int = 0
    """Examples times epochs."""
    rows: int = 0
    """Without those at fault."""
    tokens: int = 0
    supervised: int = 0
    """Tokens that are learned."""
    longest: int = 0
    trimmed: int = 0
    swapped: int = 0
    with_reference: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    """Rows by their label, in the order shown."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """Rows left out or at fault, by their cause."""
    listed: tuple[LeftOut, ...] = ()

    @property
    def at_fault(self) -> int:
        """Rows that may not be trained on."""
        return sum(self.faults.values())

    def merged(self, other: Audit) -> Audit:
        """The audit of the rows of both."""
        return Audit(
            asked=self.asked + other.asked,
            rows=self.rows + other.rows,
            tokens=self.tokens + other.tokens,
            supervised=self.supervised + other.supervised,
            longest=max(self.longest, other.longest),
            trimmed=self.trimmed + other.trimmed,
            swapped=self.swapped + other.swapped,
            with_reference=self.with_reference + other.with_reference,
            labels=Counter(self.labels) + Counter(other.labels),
            faults=Counter(self.faults) + Counter(other.faults),
            listed=(self.listed + other.listed)[: max(LISTED, len(self.listed))],
        )

    def require(self, most_at_fault: float) -> None:
        """Do nothing if the rows can be trained on.

        Args:
            most_at_fault: the largest share of the rows asked for that may be left out or at fault.

        Raises:
            UserError: there are no rows, all have one label, or more are at fault; names the causes and an example.
        """
        worst = Counter(self.faults).most_common()
        causes = ", ".join(f"{count:,} {cause}" for cause, count in worst)
        first = f" The first: example {self.listed[0].example_id}: {self.listed[0].reason}." if self.listed else ""
        if self.rows == 0:
            why = f"all {self.asked:,} are left out ({causes})" if self.asked else "there are no examples"
            raise UserError(f"There are no rows to train on: {why}. Name other examples or another mode.{first}")
        if self.at_fault > most_at_fault * self.asked:
            raise UserError(
                f"{self.at_fault:,} of {self.asked:,} rows cannot be trained on ({causes}), more than the "
                f"{most_at_fault:.1%} that may be left out. Fix the examples, or raise rows.most_left_out.{first}"
            )
        if len(self.labels) == 1 and SINGLE not in self.labels and self.rows > 1:
            raise UserError(
                f"All {self.rows:,} rows have the label {next(iter(self.labels))} in the order shown, from which "
                "nothing can be learned. Add examples with other labels, or a rate of swaps between 0 and 1."
            )


def audit(made: Iterable[tuple[Example, Row | LeftOut]], maker: RowMaker, listed: int = LISTED) -> Audit:
    """Look at rows as the engine will: their text, cut as the judge's decoding cuts it, read by its own parser.

    Args:
        made: each example with its row, or with why it has none; of any epochs.
        maker: that made them.
        listed: how many at fault are listed.
    """
    asked = tokens = supervised = longest = trimmed = swapped = with_reference = 0
    labels: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    found: list[LeftOut] = []
    for example, outcome in made:
        asked += 1
        fault = outcome if isinstance(outcome, LeftOut) else _fault(example, outcome, maker)
        if fault is not None or isinstance(outcome, LeftOut):
            assert fault is not None
            faults[fault.cause] += 1
            found += [fault] if len(found) < listed else []
            continue
        tokens += len(outcome.input_ids)
        supervised += len(outcome.input_ids) - outcome.target_from
        longest = max(longest, len(outcome.input_ids))
        trimmed += outcome.trimmed
        swapped += outcome.swapped
        with_reference += outcome.with_reference
        labels[_shown_label(example, outcome)] += 1
    rows = asked - sum(faults.values())
    return Audit(
        *(asked, rows, tokens, supervised, longest, trimmed, swapped, with_reference),
        labels=labels,
        faults=faults,
        listed=tuple(found),
    )


def _fault(example: Example, row: Row, maker: RowMaker) -> LeftOut | None:
    target = row.input_ids[row.target_from :]
    if row.head_target is not None:
        return None
    if not target or row.target_from < 1:
        return LeftOut(row.example_id, row.epoch, "no_supervised_token", "no token of the row is learned")
    if target[-1] != maker.end_token or len(row.input_ids) > maker.max_tokens:
        reason = f"the row of {len(row.input_ids)} tokens does not end with the end token {maker.end_token}"
        return LeftOut(row.example_id, row.epoch, "cut_target", reason)
    problem = _problem(example, row, target, maker)
    return None if problem is None else LeftOut(row.example_id, row.epoch, "not_read_back", problem)


def _problem(example: Example, row: Row, target: tuple[int, ...], maker: RowMaker) -> str | None:
    shown = maker.asking.shown(example, Choice(row.swapped, row.with_reference))
    prompt = maker.asking.prompt(shown.comparison, shown.choice)
    judged = example.referenced if row.with_reference else example.judged
    if isinstance(prompt, Failure) or judged is None:
        return "the example cannot be shown as the row says"
    writer = maker.writer(shown.choice, prompt)
    most = maker.spec.decoding_of(writer.mode).max_tokens
    # The end token counts, as it is generated too.
    was_cut = len(target) > most
    text = maker.encoder.text_of(target[:most] if was_cut else target[:-1])
    answers = len(example.comparison.answers)
    order = orders_of(answers)[row.swapped]
    return writer.problem(text, judged, answers, order, was_cut=was_cut)


def _shown_label(example: Example, row: Row) -> str:
    answers = len(example.comparison.answers)
    judged = example.referenced if row.with_reference else example.judged
    label = None if judged is None else label_of(judged, answers)
    return SINGLE if label is None else own_label(label, orders_of(answers)[row.swapped])
