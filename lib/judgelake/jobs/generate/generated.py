"""What the steps of one generation came to."""

from __future__ import annotations

from dataclasses import dataclass

from judgelake.jobs.generate.compared import Compared
from judgelake.jobs.generate.examples import Taught
from judgelake.jobs.generate.model_runs import Answered
from judgelake.jobs.generate.seeds import Seeded
from judgelake.jobs.generate.sheets import Sampled


@dataclass(frozen=True, slots=True)
class Generated:
    """What the steps of one run came to; None for a step that was not run."""

    seeds: Seeded | None = None
    answers: tuple[Answered, ...] | None = None
    comparisons: Compared | None = None
    examples: tuple[Taught, ...] | None = None
    sample: Sampled | None = None
