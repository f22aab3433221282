"""The report's own words for rules and statuses; those for metrics are in their catalog."""

from __future__ import annotations

SWAP_RULES = {
    "first": "the comparison's own order (AB) only",
    "second": "the reversed order (BA) only",
    "strict": "both orders; two different verdicts are none",
    "tie": "both orders; two different verdicts are a tie",
    "follow_first": "both orders; the same place named twice is a tie, else the own order counts (PandaLM)",
    "average": "both orders; what their averaged scores say",
    "both_right": "right only where both orders give the label (Auto-J, LLMBar)",
}
FAILURE_RULES = {
    "left_out": "left out of the rate, and told by the coverage",
    "tie": "a tie, as the original code of JudgeLM and PandaLM has it; only to reproduce published numbers",
    "wrong": "a wrong verdict of no class, as in LLMBar and Auto-J; only to reproduce published numbers",
}
LABEL_RULES = {
    "majority": "what more than half of the labelers say",
    "each": "every labeler's vote counts by itself",
    "unanimous": "only comparisons on which all labelers agree",
    "mean": "the mean of the labelers' scores; of verdicts what more than half of them say",
}

STATUSES = {
    "unparseable": "the output does not hold what the judge's format asks for",
    "out_of_range": "the output holds a score beyond the judge's scale",
    "truncated": "the output ended at the limit of tokens before the verdict",
    "context_overflow": "the prompt does not fit the model's context",
    "refused": "the engine refused the request",
    "invalid_input": "the comparison lacks what the judge's prompt needs",
    "timeout": "the engine did not answer in time",
    "engine_error": "the engine failed",
}
