"""What training rows hold, looked at before the first step: a wrong row gives a normal-looking loss curve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from judgelake.comparisons import Failure, orders_of, own_label, to_own_order
from judgelake.errors import UserError
from judgelake.training.choices import Choice
from judgelake.training.example import Example, Judged, label_of
from judgelake.training.heads import HeadRowMaker
from judgelake.training.maker import RowMaker
from judgelake.training.row import LeftOut, Row
from judgelake.training.sampled_rows import SampledRowMaker
from judgelake.training.targets import TargetWriter

LISTED = 10
BY_NAME = ("labels", "faults")
SINGLE = "a score"
"""In `Audit.labels`: the rows of single answers."""
AnyMaker = RowMaker | HeadRowMaker | SampledRowMaker


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts of rows, and the first of those that may not be trained on."""

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
    longest_target: int = 0
    needed: Mapping[int, int] = field(default_factory=dict)
    """How many of the rows that are too long would fit with how many max_tokens, and not with fewer."""

    @property
    def at_fault(self) -> int:
        """Rows that may not be trained on."""
        return sum(self.faults.values())

    @property
    def counts(self) -> dict[str, int]:
        """All counts by name; those of labels and causes below `labels.` and `faults.`."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        below = {f"{name}.{key}": count for name in BY_NAME for key, count in sorted(values[name].items())}
        return {name: value for name, value in values.items() if isinstance(value, int)} | below

    def _what_would_fit(self, allowed: float, positions: int | None) -> str:
        """Which max_tokens would leave out as many as may be, and which none; empty if that helps nothing."""
        too_long = sorted(Counter(self.needed).elements())
        if positions is not None and too_long and too_long[-1] > positions:
            return f" The base reads at most {positions} tokens, and the longest row has {too_long[-1]}."
        spare = int(allowed) - (self.at_fault - len(too_long))
        if not too_long or spare < 0:
            return ""
        every = f"{too_long[-1]} would fit all that are too long."
        if not 0 < spare < len(too_long):
            return f" A rows.max_tokens of {every}"
        enough = f"{too_long[-1 - spare]} would leave out no more than rows.most_left_out allows"
        return f" A rows.max_tokens of {enough}, one of {every}"

    def require(self, most_at_fault: float, positions: int | None = None) -> None:
        """Do nothing if the rows can be trained on.

        Args:
            most_at_fault: the largest share of the rows asked for that may be left out or at fault.
            positions: the most tokens that the model reads, if that limits the rows; no larger max_tokens is advised.

        Raises:
            UserError: there are no rows, all have one label, or more are at fault; names the causes and an example.
        """
        worst = Counter(self.faults).most_common()
        causes = ", ".join(f"{count:,} {cause}" for cause, count in worst)
        first = f" The first: example {self.listed[0].example_id}: {self.listed[0].reason}." if self.listed else ""
        fit = self._what_would_fit(most_at_fault * self.asked, positions)
        if self.rows == 0:
            why = f"all {self.asked:,} are left out ({causes})" if self.asked else "there are no examples"
            raise UserError(f"There are no rows to train on: {why}.{fit} Name other examples or another mode.{first}")
        if self.at_fault > most_at_fault * self.asked:
            raise UserError(
                f"{self.at_fault:,} of {self.asked:,} rows cannot be trained on ({causes}), more than the "
                f"{most_at_fault:.1%} that may be left out.{fit} Fix the examples, or raise rows.most_left_out.{first}"
            )
        if len(self.labels) == 1 and SINGLE not in self.labels and self.rows > 1:
            raise UserError(
                f"All {self.rows:,} rows have the label {next(iter(self.labels))} in the order shown, from which "
                "nothing can be learned. Add examples with other labels, or a rate of swaps between 0 and 1."
            )


class Tally:
    """Looks at rows as they are made, and counts them."""

    def __init__(self, maker: AnyMaker, listed: int = LISTED) -> None:
        """Count the rows of a maker; so many at fault are listed."""
        self._maker, self._most_listed = maker, listed
        self._numbers: Counter[str] = Counter()
        self._longest = self._longest_target = 0
        self._labels: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._needed: Counter[int] = Counter()
        self._listed: list[LeftOut] = []

    def add(self, example: Example, outcome: Row | LeftOut) -> bool:
        """Look at a row as the engine will; returns whether it may be trained on.

        Its text, cut as the judge's decoding cuts it, is read by the judge's own parser.
        """
        self._numbers["asked"] += 1
        fault = outcome if isinstance(outcome, LeftOut) else _fault(example, outcome, self._maker)
        if isinstance(fault, LeftOut):
            self._faults[fault.cause] += 1
            if fault.needed is not None:
                self._needed[fault.needed] += 1
            if len(self._listed) < self._most_listed:
                self._listed.append(fault)
            return False
        assert isinstance(outcome, Row)
        learned = [len(target) for target in outcome.targets]
        self._longest = max(self._longest, outcome.target_from + max(learned))
        self._longest_target = max(self._longest_target, *learned)
        for name, number in (
            ("rows", 1),
            ("tokens", sum(map(len, outcome.sequences))),
            ("supervised", sum(learned)),
            ("trimmed", outcome.trimmed),
            ("swapped", outcome.swapped),
            ("with_reference", outcome.with_reference),
        ):
            self._numbers[name] += number
        self._labels[_shown_label(example, outcome)] += 1
        return True

    @property
    def audit(self) -> Audit:
        """What was counted so far."""
        return Audit(
            **self._numbers,
            longest=self._longest,
            longest_target=self._longest_target,
            labels=dict(self._labels),
            faults=dict(self._faults),
            needed=dict(self._needed),
            listed=tuple(self._listed),
        )


def audit(made: Iterable[tuple[Example, Row | LeftOut]], maker: AnyMaker, listed: int = LISTED) -> Audit:
    """What `Tally` counts of rows.

    Args:
        made: each example with its row, or with why it has none; of any epochs.
        maker: that made them.
        listed: how many at fault are listed.
    """
    tally = Tally(maker, listed)
    for example, outcome in made:
        tally.add(example, outcome)
    return tally.audit


def _fault(example: Example, row: Row, maker: AnyMaker) -> LeftOut | None:
    if isinstance(maker, HeadRowMaker):
        problem = maker.problem(row)
        return None if problem is None else LeftOut(row.example_id, row.epoch, "cut_target", problem)
    of_texts = maker.maker if isinstance(maker, SampledRowMaker) else maker
    for target in row.targets:
        tokens = row.target_from + len(target)
        if not target or row.target_from < 1:
            return LeftOut(row.example_id, row.epoch, "no_supervised_token", "no token of the row is learned")
        if target[-1] != of_texts.end_token or tokens > of_texts.max_tokens:
            reason = f"the row of {tokens} tokens does not end with the end token {of_texts.end_token}"
            return LeftOut(row.example_id, row.epoch, "cut_target", reason)
    problem = _problem(example, row, of_texts, is_sampled=isinstance(maker, SampledRowMaker))
    return None if problem is None else LeftOut(row.example_id, row.epoch, "not_read_back", problem)


def _problem(example: Example, row: Row, maker: RowMaker, *, is_sampled: bool) -> str | None:
    choice = Choice(row.swapped, row.with_reference)
    judged = example.referenced if row.with_reference else example.judged
    writer = maker.known_writer(choice) or _writer(example, choice, maker)
    if writer is None or judged is None:
        return "the example cannot be shown as the row says"
    answers = len(example.comparison.answers)
    order, label = orders_of(answers)[row.swapped], label_of(judged, answers)
    most = maker.spec.decoding_of(writer.mode).max_tokens
    # The end token counts, as it is generated too.
    texts = [
        (maker.encoder.text_of(target[:most] if len(target) > most else target[:-1]), len(target) > most)
        for target in row.targets
    ]
    # The judge's own scores may differ from those of the label that it agrees with.
    (text, was_cut), *others = texts
    problem = writer.problem(text, Judged(label) if is_sampled else judged, answers, order, was_cut=was_cut)
    for text, was_cut in others:
        problem = problem or _problem_of_rejected(writer, text, label, order, was_cut=was_cut)
    return problem


def _problem_of_rejected(
    writer: TargetWriter, text: str, label: str | None, order: str, *, was_cut: bool
) -> str | None:
    said = writer.read(text, len(order), was_cut=was_cut)
    if isinstance(said, Failure):
        return f"the judgment to reject is {said.status.value}: {said.reason}"
    verdict = to_own_order(said, order).verdict
    return f"the judgment to reject is read as {verdict} too" if verdict == label else None


def _writer(example: Example, choice: Choice, maker: RowMaker) -> TargetWriter | None:
    shown = maker.asking.shown(example, choice)
    prompt = maker.asking.prompt(shown.comparison, shown.choice)
    return None if isinstance(prompt, Failure) else maker.writer(shown.choice, prompt)


def _shown_label(example: Example, row: Row) -> str:
    answers = len(example.comparison.answers)
    judged = example.referenced if row.with_reference else example.judged
    label = None if judged is None else label_of(judged, answers)
    return SINGLE if label is None else own_label(label, orders_of(answers)[row.swapped])
