"""From a seed and the answers to it to comparisons, or to the reasons why there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from judgelake.comparisons import Comparison, Failure, comparison_from_record
from judgelake.generation.pairing import Candidate, Group, Pairing
from judgelake.generation.refusals import refusal_in
from judgelake.generation.seed import Seed, seed_to_record

LEAST_MODELS = 2


@dataclass(frozen=True, slots=True)
class Given:
    """What one request for an answer came to: the answer, or the status and the reason why there is none."""

    model: str
    sample: int
    status: str
    answer: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A comparison, or an answer, that is not used: why, and what it was."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Comparing:
    """How the answers to a seed become comparisons; picklable."""

    pairing: Pairing
    most_characters: int | None = None
    """Of an answer; None: of any length."""
    reference_model: str | None = None
    """Whose answer is the reference of seeds that have none; it is not compared."""
    has_refusals: bool = True
    """Whether answers that decline to answer are used."""

    def comparisons(self, seed: Seed, given: Sequence[Given]) -> Iterator[Comparison | LeftOut]:
        """The comparisons of a seed, and all that was left out on the way."""
        in_order = sorted(given, key=lambda one: (one.model, one.sample))
        if seed.reference is None:
            seed = replace(seed, reference=self._reference(in_order))
        candidates: dict[tuple[str, str], Candidate] = {}
        for one in in_order:
            if one.model == self.reference_model:
                continue
            reason, same = self._unusable(one), (one.model, one.answer or "")
            if reason is None and same in candidates:
                reason = f"repeats its sample {candidates[same].sample}"
            if reason is None:
                candidates[same] = Candidate(one.model, one.sample, one.answer or "")
            else:
                yield LeftOut(f"answer of {one.model}: {reason}", _raw(seed, [one]))
        models = {model for model, _ in candidates}
        if len(models) < LEAST_MODELS:
            who = f"only {next(iter(models))} has" if models else "no model has"
            yield LeftOut(f"{who} a usable answer, so there is nothing to compare", _raw(seed, given))
            return
        if self.pairing.baseline is not None and self.pairing.baseline not in models:
            yield LeftOut(f"the baseline {self.pairing.baseline} has no usable answer", _raw(seed, given))
            return
        for group in self.pairing.groups(seed.seed_id, candidates.values()):
            yield self._comparison(seed, group)

    def _reference(self, given: Sequence[Given]) -> str | None:
        usable = (one.answer for one in given if one.model == self.reference_model and self._unusable(one) is None)
        return next(usable, None)

    def _unusable(self, one: Given) -> str | None:
        if one.status != "ok" or one.answer is None:
            return f"{one.status}: {one.reason}"
        if self.most_characters is not None and len(one.answer) > self.most_characters:
            return f"too long: {len(one.answer):,} characters, expected at most {self.most_characters:,}"
        if not self.has_refusals and (words := refusal_in(one.answer)) is not None:
            return f"refusal: it begins with {words!r}"
        return None

    def _comparison(self, seed: Seed, group: Group) -> Comparison | LeftOut:
        texts = {one.text for one in group}
        given = [Given(one.model, one.sample, "ok", one.text) for one in group]
        if len(texts) < len(group):
            names = " and ".join(sorted(one.model for one in group))
            return LeftOut(f"identical answers: those of {names}", _raw(seed, given))
        record = comparison_record(seed, group)
        made = comparison_from_record(record)
        return LeftOut(made.reason, _raw(seed, given)) if isinstance(made, Failure) else made


def comparison_record(seed: Seed, group: Group) -> dict[str, object]:
    """A comparison in the shape of judgelake's JSONL, without its id: that comes from its content."""
    of_seed = seed_to_record(seed)
    about = {name: of_seed[name] for name in ("category", "language") if of_seed[name] is not None}
    return {
        "question_id": seed.seed_id,
        "messages": of_seed["messages"],
        "input": seed.input,
        "answers": [{"model": one.model, "text": one.text} for one in group],
        "reference": seed.reference,
        "source": seed.source,
        "attributes": {**seed.attributes, **about},
    }


def _raw(seed: Seed, given: Sequence[Given]) -> str:
    answers = [{"model": one.model, "sample": one.sample, "status": one.status, "answer": one.answer} for one in given]
    return json.dumps({"seed_id": seed.seed_id, "answers": answers}, ensure_ascii=False)
