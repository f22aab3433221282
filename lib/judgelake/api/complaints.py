"""What a server may complain of, and whose fault that is: one table for all common servers.

A complaint about the call (a setting, the model, the quota, a role) is true of every row, so no row may end by it:
it is a failed call, which a later run asks again. Only what is said of this one prompt is final. A code or type of the
error decides first, its words second, and an error that is in neither column is a failed call.

Sources: the error classes of the openai and anthropic packages; vLLM's `VLLMValidationError` and its messages; SGLang's
tokenizer manager; Text Generation Inference's validation; llama.cpp's `exceed_context_size_error` (pull request 15780);
LiteLLM's exception mapping (docs and source); OpenRouter's, Azure's, Gemini's and DashScope's error pages; public
issues that quote the servers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judgelake.api.server_error import FLAGGED_INPUT, ServerError
from judgelake.comparisons import Status

# Further on a server may quote the prompt, which may itself mention lengths or policies.
LOOKED_AT = 400
GAP = "..."
LONGEST_GAP = 80
# From the server or a proxy in front of it, which may allow fewer bytes than the model has tokens for.
TOO_LARGE = 413
CALLERS_FAULT = range(400, 500)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One kind of complaint: its codes (or types), the fields it names, and its words; `...` is a gap in the words."""

    about: str
    status: Status
    codes: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether the row ends by it."""
        return not self.status.is_worth_another_attempt


COMPLAINTS = (
    Complaint(
        "a setting",
        Status.ENGINE_ERROR,
        codes=(
            "unsupported_parameter", "unsupported_value", "unknown_parameter", "missing_required_parameter",
            "unsupportedparamserror", "integer_below_min_value", "integer_above_max_value", "decimal_below_min_value",
            "decimal_above_max_value", "invalid_type", "extra_forbidden", "max_tokens_exceeded",
        ),
        words=(
            "unsupported parameter", "unknown parameter", "unrecognized request argument", "invalid value for",
            "is not allowed by", "not supported", "does not support", "max_tokens must be", "max_tokens is too large",
            "max_completion_tokens is too large", "max_tokens (", "max_completion_tokens (",
        ),
    ),
    Complaint(
        "the model",
        Status.ENGINE_ERROR,
        codes=("model_not_found", "not_found_error", "notfounderror", "model_not_available", "deploymentnotfound"),
    ),
    Complaint(
        "the account: key, credit, quota or rate",
        Status.ENGINE_ERROR,
        codes=(
            "insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active",
            "rate_limit_exceeded", "rate_limit_error", "resource_exhausted", "quota_exceeded", "authentication_error",
            "invalid_api_key", "invalid_authentication", "permission_error", "access_denied", "token_quota_exceeded",
            "too_many_requests", "budget_exceeded", "minimax_1002", "minimax_1004", "minimax_1008",
        ),
        words=(
            "your account", "your organization", "your api key", "api key was", "has been suspended", "per minute",
            "rate limit", "exceeded your ... quota",
        ),
    ),
    Complaint(
        "the prompt's length",
        Status.CONTEXT_OVERFLOW,
        codes=(
            "context_length_exceeded", "exceed_context_size_error", "context_window_exceeded",
            "contextwindowexceedederror", "model_context_window_exceeded", "request_too_large", "string_too_long",
            "string_above_max_length", "token_limit_exceeded", "prompt_too_long", "input_too_long", "1261",
            "minimax_1039",
        ),
        params=("input_tokens", "input_text"),
        words=(
            "maximum context length", "maximum model length", "longer than the maximum", "context length exceeded",
            "context_length_exceeded", "longer than the model's context length", "exceeds model's maximum",
            "input length ... exceeds the maximum allowed length", "inputs must have less than ... tokens",
            "inputs tokens + max_new_tokens must be", "inputs tokens and max_new_tokens must",
            "exceeds the available context size", "requested tokens ... exceed context window",
            "input length exceeds the context length", "input exceeds context length", "exceeded max context length",
            "prompt is too long", "exceed context limit", "input token count ... exceeds the maximum number of tokens",
            "input token count is ... but model only supports", "payload size exceeds the limit",
            "contextwindowexceedederror", "exceeds the context window", "maximum prompt length is",
            "reduce the length of the messages", "greater than the context length", "context length of only",
            "token count of ... exceeds the limit", "token count ... cannot exceed", "context window exceeds limit",
            "exceeded model token limit", "input is too long", "too many input tokens",
            "prompt tokens ... exceed model maximum", "size limit exceeded by ... tokens",
            "range of input length should be", "too large for model with", "current length is ... while limit is",
            "prompt length ... exceeds maximum input length", "sum of prompt length ... should not exceed",
            "input tokens exceed", "model's maximum context limit", "prompt 超长",
        ),
    ),
    Complaint(
        "the prompt's or the answer's content",
        Status.REFUSED,
        codes=(
            "content_filter", "content_policy_violation", "contentpolicyviolationerror", "responsibleaipolicyviolation",
            "data_inspection_failed", "datainspectionfailed", "content_blocked", "prompt_blocked", "safety_error",
            "moderation_blocked", "content_moderation", "guardrail_intervened", "unsafe_content", FLAGGED_INPUT,
            "1301", "minimax_1026", "minimax_1027",
        ),
        words=(
            "content management policy", "content filtering policy", "contentpolicyviolationerror",
            "violat ... content polic", "violat ... usage polic", "violat ... usage guideline",
            "violat ... safety polic", "rejected ... by ... safety system", "result of our safety system",
            "inappropriate content", "content exists risk", "prompt was flagged", "prompt has been flagged",
            "input was flagged", "input has been flagged", "content was flagged", "content has been flagged",
            "request was flagged", "request has been flagged", "message was flagged", "messages were flagged",
            "output was flagged", "response was flagged", "prompt was blocked", "response was blocked",
            "blocked by ... guardrail", "blocked by ... content filter", "blocked by ... safety",
            "blocked by ... moderation", "unsafe or sensitive content", "不安全或敏感内容",
        ),
    ),
    Complaint(
        "a prompt without text",
        Status.INVALID_INPUT,
        words=(
            "prompt ... must be provided and non-empty", "prompt cannot be empty", "prompt can't be empty",
            "prompt must not be empty", "prompt is empty", "content blocks must be non-empty",
            "content must be non-empty", "input cannot be empty", "inputs cannot be empty", "input must not be empty",
        ),
    ),
    Complaint(
        "the prompt's characters",
        Status.INVALID_INPUT,
        codes=("request_body_encoding_invalid", "invalid_utf8", "invalid_unicode"),
        words=(
            "invalid utf-8", "not valid utf-8", "invalid unicode", "invalid low surrogate", "lone ... surrogate",
            "surrogates not allowed", "end of hex escape", "codec can't decode", "codec can't encode",
        ),
    ),
)  # fmt: skip
"""In the order in which codes, and then words, are compared."""

NAMED_FIELDS = frozenset(param for complaint in COMPLAINTS for param in complaint.params)
# What is said of any other field is said of every call.
PROMPT_FIELDS = re.compile(r"^(?:messages|prompt|input|contents?)\b")


def plain(text: str) -> str:
    """A text as it is compared: lower case, one kind of apostrophe, no backticks or quotes, single blanks."""
    lowered = text.lower().replace("\u2019", "'")
    return re.sub(r"\s+", " ", re.sub(r"[`\"“”]|(?<!\w)'|'(?!\w)", "", lowered))


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the words in a text as `plain` makes it."""
    gap = rf".{{0,{LONGEST_GAP}}}?"
    return re.compile("|".join(gap.join(re.escape(part.strip()) for part in one.split(GAP)) for one in words))


PATTERNS = tuple((complaint, _pattern(complaint.words)) for complaint in COMPLAINTS if complaint.words)


def complaint_of(error: ServerError) -> Complaint | None:
    """What an error complains of; None if the table does not know it, so that nothing is known of the row."""
    if _names_a_setting(error):
        return COMPLAINTS[0]
    return complaint_of_codes(error) or _complaint_of_words(error)


def final_status_of(error: ServerError, http_status: int) -> Status | None:
    """The status of the row that an error ends; None if it is a failed call, which is asked again.

    The words of a failing server (500 and above) are not believed, only its codes; except that some servers say 500 to
    a prompt that is too long.

    Args:
        error: what the server said.
        http_status: what it answered; 400 for an error without one.
    """
    complaint = complaint_of(error)
    if complaint is None:
        return Status.CONTEXT_OVERFLOW if http_status == TOO_LARGE else None
    is_believed = http_status in CALLERS_FAULT or complaint.status is Status.CONTEXT_OVERFLOW
    if not complaint.is_final or not (is_believed or complaint_of_codes(error) is complaint):
        return None
    return complaint.status


def complaint_of_codes(error: ServerError) -> Complaint | None:
    """The complaint that the error's own codes or field name, whatever its words are."""
    for complaint in COMPLAINTS:
        if error.param in complaint.params:
            return complaint
        for code in error.codes:
            if code in complaint.codes:
                return complaint
    return None


def _complaint_of_words(error: ServerError) -> Complaint | None:
    said = plain(error.message[: 2 * LOOKED_AT])[:LOOKED_AT]
    return next((complaint for complaint, pattern in PATTERNS if pattern.search(said)), None)


def _names_a_setting(error: ServerError) -> bool:
    """Whether the field that the error names is another than the prompt: `user`, `stop`, `max_tokens`."""
    return error.param is not None and error.param not in NAMED_FIELDS and PROMPT_FIELDS.match(error.param) is None
