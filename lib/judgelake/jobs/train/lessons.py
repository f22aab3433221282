"""Which of the judge's own judgments are learned: those that agree with the label, or pairs with one that does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import Failure, orders_of, own_label
from judgelake.errors import UserError
from judgelake.training import (
    Asking,
    Choice,
    Example,
    Lesson,
    Preference,
    Sampled,
    agreeing,
    label_of,
    preferences,
)

CHOICES = tuple(Choice(swapped, with_reference) for swapped in (False, True) for with_reference in (False, True))
LEARNED = "learned"
OF_A_PROMPT = ("comparison_id", "shown_order", "prompt_sha256")
ASK_SEVERAL = "with order.repeats of 4 or more and a judge.temperature above 0 in jobs/judge.py"


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a prompt shows an example, and the example's label in the order shown; None: it has none."""

    example_id: str
    choice: Choice
    order: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned of each example, by its id, and what became of all judgments."""

    of_example: Mapping[str, tuple[Lesson, ...]]
    counts: Mapping[str, int]
    """`agree` and `disagree` with the label; `repeated`: the same text as another one of the same prompt;
    `other_prompt`: an answer to none of the examples' prompts as they are now; `no_label`: nothing to compare it with;
    `learned`: judgments, or pairs, that are."""


def lessons_of(
    examples: Sequence[Example],
    asking: Asking,
    judgments: Iterable[Mapping[str, Any]],
    *,
    most: int,
    seed: int,
    in_pairs: bool,
) -> Lessons:
    """What is learned of whole judgments with a verdict.

    A judgment belongs to an example if it answers the very prompt in which the example is asked, by the prompt's hash:
    not if comparison or judge file were edited since, answers were cut, or another reference was shown.

    Args:
        examples: to train on.
        asking: how the judge is asked.
        judgments: rows of the table: `OF_A_PROMPT`, repeat, raw_output, verdict.
        most: judgments, or pairs, of an example in one order.
        seed: decides which of more.
        in_pairs: whether pairs are learned.

    Raises:
        UserError: nothing can be learned.
    """
    found = _compared(examples, asking, judgments)
    choose = preferences if in_pairs else agreeing
    lessons: Sequence[Lesson] = choose(found.samples, found.labels, most, seed)
    if not lessons:
        raise UserError(_nothing(found, in_pairs=in_pairs))
    of_example: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        of_example[_example_id(lesson)].append(lesson)
    known = {name: count for name, count in sorted(found.counts.items()) if count}
    return Lessons({one: tuple(some) for one, some in of_example.items()}, known | {LEARNED: len(lessons)})


@dataclass(frozen=True, slots=True)
class _Compared:
    """Judgments of the examples' prompts, each text once, with the labels, and counts as those of `Lessons`."""

    samples: Sequence[Sampled]
    labels: Mapping[tuple[str, Choice], str]
    counts: Counter[str]


def _compared(examples: Sequence[Example], asking: Asking, judgments: Iterable[Mapping[str, Any]]) -> _Compared:
    prompts: dict[tuple[str, ...], list[_Shown]] = defaultdict(list)
    for example in examples:
        for sha256, shown in _prompts(example, asking):
            prompts[example.comparison.comparison_id, shown.order, sha256].append(shown)
    counts: Counter[str] = Counter()
    samples: dict[tuple[str, Choice, str], Sampled] = {}
    labels: dict[tuple[str, Choice], str] = {}
    # In an order of their own, since of equal texts the first one stays.
    for row in sorted(judgments, key=lambda row: [row[name] or "" for name in OF_A_PROMPT] + [f"{row['repeat']:09}"]):
        places = prompts.get(tuple(row[name] for name in OF_A_PROMPT), [])
        counts["other_prompt"] += not places
        for shown in places:
            sample = _sampled(row, shown)
            if shown.label is None:
                counts["no_label"] += 1
            elif samples.setdefault((shown.example_id, shown.choice, sample.text), sample) is not sample:
                counts["repeated"] += 1
            else:
                labels[shown.example_id, shown.choice] = shown.label
                counts["agree" if sample.verdict == shown.label else "disagree"] += 1
    return _Compared(list(samples.values()), labels, counts)


def _prompts(example: Example, asking: Asking) -> Iterator[tuple[str, _Shown]]:
    """The hash of each prompt in which an example can be asked, and what it shows."""
    answers, seen = len(example.comparison.answers), set()
    for wanted in CHOICES:
        shown = asking.shown(example, wanted)
        prompt = asking.prompt(shown.comparison, shown.choice)
        if shown.choice in seen or isinstance(prompt, Failure):
            continue
        seen.add(shown.choice)
        label = None if shown.judged is None else label_of(shown.judged, answers)
        order = orders_of(answers)[shown.choice.swapped]
        yield prompt.sha256, _Shown(example.example_id, shown.choice, order, label)


def _sampled(row: Mapping[str, Any], shown: _Shown) -> Sampled:
    # Between an order and its reverse the way there is the way back.
    verdict = own_label(row["verdict"], shown.order)
    return Sampled(shown.example_id, shown.choice, row["repeat"], row["raw_output"], verdict)


def _example_id(lesson: Lesson) -> str:
    return lesson.chosen.example_id if isinstance(lesson, Preference) else lesson.example_id


def _nothing(compared: _Compared, *, in_pairs: bool) -> str:
    """Why nothing is learned of these judgments, and what to do."""
    samples, labels, counts = compared.samples, compared.labels, compared.counts
    if not samples:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in counts.items() if count)
        return (
            f"None of the judgments answers a prompt of the training examples that has a label ({causes}): judge the "
            "comparisons as they are in the examples, with the same judge file, and with judge.reference=ignore where "
            "the examples have no label made with the reference."
        )
    of_prompt: dict[tuple[str, Choice], set[bool]] = defaultdict(set)
    for one in samples:
        of_prompt[one.example_id, one.choice].add(one.verdict == labels[one.example_id, one.choice])
    found = f"{counts['agree']:,} agree, {counts['disagree']:,} do not"
    if in_pairs and len(samples) == len(of_prompt):
        again = f" ({counts['repeated']:,} are the same text again)" if counts["repeated"] else ""
        return (
            f"Every prompt has only one judgment{again}, and a pair is made of two: judge the training examples "
            f"{ASK_SEVERAL}."
        )
    if in_pairs and all(len(kinds) == 1 for kinds in of_prompt.values()):
        return (
            f"No prompt has both a judgment that agrees with the label and one that does not ({found}): judge the "
            f"training examples {ASK_SEVERAL}, or take examples that are harder or easier for this judge."
        )
    if not counts["agree"]:
        return (
            f"None of the {len(samples):,} judgments agrees with its label, so there is nothing to learn: take a "
            "better judge, or check the labels."
        )
    right = sorted({one.verdict or "" for one in samples if one.verdict == labels[one.example_id, one.choice]})
    return (
        f"As many judgments for A as for B are learned, and those that could be are all for {', '.join(right)} in the "
        f"order shown ({found}): judge the training examples in both orders, or take more of them."
    )
