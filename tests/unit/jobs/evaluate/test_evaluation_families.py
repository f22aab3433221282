"""Families of measures: what Spark counts for them, and what is computed from the counts."""

from __future__ import annotations

import re

from judgelake.measures.families import BY_HEADLINE, FIGURES_OF

# A family is named where its observations get their group.
OBSERVED = re.compile(r'groups\.(?:by_judge|number)\(\s*"(\w+)"')


def test_the_families_that_are_observed_are_those_that_have_figures(root):
    folder = root / "lib" / "judgelake" / "jobs" / "evaluate" / "observations"
    observed = {family for path in folder.glob("*.py") for family in OBSERVED.findall(path.read_text("utf-8"))}
    assert observed == set(FIGURES_OF)
    assert set(BY_HEADLINE) < observed
