"""Why an output ended, in the words of all common servers: whole, cut, filtered, a tool call, broken, or not known.

Sources, all of 2026: the OpenAI API and its Python types; vLLM, `FinishReason` in v1/engine; SGLang and llama.cpp
(their OpenAI-compatible servers); Text Generation Inference, `FinishReason`; Ollama and LM Studio (done reasons);
the types of Anthropic, Gemini and Vertex AI, Bedrock Converse, Cohere v1 and v2, Mistral, DeepSeek, Zhipu, watsonx.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from judgelake.comparisons import Failure, Status


class Ending(StrEnum):
    """What a finish reason says about the output."""

    WHOLE = "whole"
    CUT = "cut"
    FILTERED = "filtered"
    TOOL = "tool"
    BROKEN = "broken"
    UNKNOWN = "unknown"


REASONS = {
    Ending.WHOLE: (
        "stop", "end_turn", "stop_sequence", "eos", "eos_token", "COMPLETE", "completed", "word", "stop_words",
        "endoftext", "end_id", "eosFound", "stopStringFound",
    ),
    Ending.CUT: (
        "length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "max_completion_tokens", "max_new_tokens",
        "model_length", "max_length", "max_len", "token_limit", "limit", "ERROR_LIMIT", "model_context_window_exceeded",
        "context_length", "context_length_exceeded", "max_context_length", "maxPredictedTokensReached",
        "contextLengthReached", "repetition", "incomplete",
    ),
    Ending.FILTERED: (
        "content_filter", "content_filtered", "refusal", "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST",
        "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY", "ESCALATION", "sensitive", "guardrail_intervened",
        "ERROR_TOXIC", "blocked", "moderation",
    ),
    Ending.TOOL: (
        "tool_calls", "tool_call", "tool_use", "function_call", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS", "malformed_tool_use", "pause_turn", "toolCalls",
    ),
    Ending.BROKEN: (
        "error", "abort", "aborted", "cancelled", "canceled", "USER_CANCEL", "userStopped", "timeout", "network_error",
        "insufficient_system_resource", "not_finished", "in_progress", "failed", "load", "unload", "modelUnloaded",
        "time_limit", "compaction", "OTHER", "unspecified", "MALFORMED_RESPONSE", "malformed_model_output",
        "MISSING_THOUGHT_SIGNATURE",
    ),
}  # fmt: skip
"""Each ending's reasons as servers write them; compared without case, `_`, `-` and blanks."""

MOST_SHOWN = 60
ABSENT = ("", "null", "none")
# FINISH_REASON_MAX_TOKENS and FinishReason.STOP are how some clients print the name of an enumeration's member.
PREFIX = re.compile(r"^(?:finish|stop|done)?reason(?=.)")


def _plain(reason: str) -> str:
    return PREFIX.sub("", re.sub(r"[^a-z0-9]", "", reason.lower()))


ENDING_OF = {_plain(reason): ending for ending, reasons in REASONS.items() for reason in reasons}


@lru_cache(maxsize=256)
def ending_of(finish_reason: str | None) -> Ending | None:
    """What a server's finish reason means; None if it gives none. A reason that is not in the table is `UNKNOWN`.

    Of "content_filter: SAFETY" the part before the colon counts if the whole is not known.
    """
    if finish_reason is None or finish_reason.strip().lower() in ABSENT:
        return None
    for text in (finish_reason, finish_reason.partition(":")[0]):
        if (ending := ENDING_OF.get(_plain(text))) is not None:
            return ending
    return Ending.UNKNOWN


def failure_of_ending(finish_reason: str | None) -> Failure | None:
    """Why an output that ended so is not the model's answer; None if it is one, whole or cut.

    A filtered output is `refused`. A tool call (judges offer no tools), a broken-off output and an unknown reason are
    failed calls: a later run asks again, since another server, or another version of this table, may answer.
    """
    ending = ending_of(finish_reason)
    if ending is None or ending in (Ending.WHOLE, Ending.CUT):
        return None
    if ending is Ending.FILTERED:
        return Failure(Status.REFUSED, f"the server's content filter withheld the answer ({_shown(finish_reason)})")
    meaning = {
        Ending.TOOL: "the model called a tool instead of answering",
        Ending.BROKEN: "the server broke off the answer",
        Ending.UNKNOWN: "the server ended the answer for a reason that judgelake does not know",
    }
    return Failure(Status.ENGINE_ERROR, f"{meaning[ending]} ({_shown(finish_reason)})")


def _shown(finish_reason: str | None) -> str:
    return f"finish_reason {(finish_reason or '')[:MOST_SHOWN]!r}"
