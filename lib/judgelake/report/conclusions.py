"""Everything that is said about a judge in sentences: how it does beside baselines, and its effects."""

from __future__ import annotations

from judgelake.report.baselines import baseline_findings
from judgelake.report.content import JudgeSection
from judgelake.report.findings import Finding, effect_findings


def conclusions_of(section: JudgeSection) -> list[Finding]:
    """What was found about a judge, and what was not, in the order of the report."""
    return [*baseline_findings(section), *effect_findings(section)]
