"""The report's explanations of rules and statuses; those of metrics are in their catalog."""

from __future__ import annotations

SWAP_RULES = {
    "first": "the original order (AB) only",
    "second": "the reversed order (BA) only",
    "strict": "both orders; two different verdicts count as no verdict",
    "tie": "both orders; two different verdicts count as a tie",
    "follow_first": "both orders; the same place chosen twice is a tie, else the original order counts (PandaLM)",
    "margin": "both orders; the mean of their log-odds decides, a tie only within the band of ties",
    "centred": "the log-odds of one order, without the judge's position offset, decide",
    "mean": "both orders, each counting one half",
    "average": "both orders; the verdict of their averaged scores",
    "both_right": "right only where both orders give the label (Auto-J, LLMBar)",
}


def headline_sentence(rule: str, why: str | None) -> str:
    """Which swap rule is the headline's and why, in a sentence; `why` may hold names of judges."""
    meaning = f" ({SWAP_RULES[rule]})" if rule in SWAP_RULES else ""
    reason = f": {why}" if why else ""
    return f"The headline's swap rule is {rule}{meaning}{reason}."


FAILURE_RULES = {
    "left_out": "left out of the rate, and reported as coverage",
    "tie": "counts as a tie, as in the original code of JudgeLM and PandaLM; only to reproduce published numbers",
    "wrong": "counts as a wrong verdict of no class, as in LLMBar and Auto-J; only to reproduce published numbers",
}
LABEL_RULES = {
    "majority": "what more than half of the labelers say",
    "each": "every labeler's vote counts separately; intervals speak of these labelers, not of other people",
    "unanimous": "only comparisons on which all labelers agree",
    "mean": "the mean of the labelers' scores; for verdicts what more than half of them say",
}

STATUSES = {
    "unparseable": "the output does not contain what the judge's format requires",
    "out_of_range": "the output contains a score outside the judge's scale",
    "truncated": "the output reached the token limit before the verdict",
    "context_overflow": "the prompt does not fit the model's context",
    "refused": "the model, or the engine's content filter, refused to answer",
    "invalid_input": "the comparison lacks something that the judge's prompt needs",
    "timeout": "the engine did not answer in time",
    "engine_error": "the engine failed or refused the call",
}
