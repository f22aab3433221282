"""How servers fail and how they answer: one entry a kind, written after what each server is known to send.

`FAILING` are errors: the HTTP status, the body, and what the client must make of it. `ENDED` are answers by their
finish reason. `SHAPED` are answers whose message or counts have another form than OpenAI's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CALL, OVERFLOW, REFUSED, INVALID = "engine_error", "context_overflow", "refused", "invalid_input"
FINAL = (OVERFLOW, REFUSED, INVALID)


@dataclass(frozen=True)
class Kind:
    """An error as a server sends it, and the status of the row that gets it."""

    status: str
    http: int
    body: Any
    again: bool = False
    """Whether the same call is repeated at once."""

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


def openai(message: str, code: str | None = None, type: str = "invalid_request_error", param: Any = None) -> Any:
    return {"error": {"message": message, "type": type, "param": param, "code": code}}


def vllm(message: str, code: int = 400, type: str = "BadRequestError", param: Any = None) -> Any:
    return {"error": {"message": message, "type": type, "param": param, "code": code}}


def bare(message: str, code: int = 400, type: str = "BadRequestError") -> Any:
    return {"object": "error", "message": message, "type": type, "param": None, "code": code}


def anthropic(message: str, type: str = "invalid_request_error") -> Any:
    return {"type": "error", "error": {"type": type, "message": message}, "request_id": "req_1"}


def gemini(message: str, status: str = "INVALID_ARGUMENT", code: int = 400) -> Any:
    return [{"error": {"code": code, "message": message, "status": status}}]


FAILING = {
    # What all rows share: the call.
    "openai-parameter": Kind(CALL, 400, openai("Unsupported parameter: top_p", "unsupported_parameter", param="top_p")),
    "openai-temperature": Kind(
        CALL, 400,
        openai("Unsupported value: 'temperature' does not support 0 with this model.", "unsupported_value"),
    ),
    "openai-max-tokens": Kind(
        CALL, 400,
        openai("max_tokens is too large: 20000. This model supports at most 16384 completion tokens.", None),
    ),
    "openai-quota": Kind(
        CALL, 429, openai("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"), again=True
    ),
    "openai-role": Kind(CALL, 400, openai("Unsupported value: 'messages[0].role' does not support 'system'.", None)),
    "groq-minute": Kind(
        CALL, 413, openai("Request too large for model on tokens per minute.", "rate_limit_exceeded", "tokens")
    ),
    "vllm-role": Kind(CALL, 400, vllm("System role not supported")),
    "vllm-roles": Kind(CALL, 400, bare("Conversation roles must alternate user/assistant/user/assistant/...")),
    "vllm-max-tokens": Kind(CALL, 400, vllm("max_tokens=9000 cannot be greater than max_model_len=4096.")),
    "fastapi-extra": Kind(
        CALL, 422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
    ),
    "tgi-setting": Kind(
        CALL, 422,
        {"error": "Input validation error: `temperature` must be strictly positive", "error_type": "validation"},
    ),
    "tgi-generation": Kind(CALL, 424, {"error": "Request failed during generation", "error_type": "generation"}),
    "anthropic-credit": Kind(CALL, 400, anthropic("Your credit balance is too low to access the Anthropic API.")),
    "anthropic-overloaded": Kind(CALL, 529, anthropic("Overloaded", "overloaded_error"), again=True),
    "gemini-key": Kind(CALL, 400, gemini("API key not valid. Please pass a valid API key.")),
    "deepseek-balance": Kind(CALL, 402, openai("Insufficient Balance", "invalid_request_error", "unknown_error")),
    "deepseek-model": Kind(CALL, 400, openai("Model Not Exist", "invalid_request_error")),
    "litellm-params": Kind(
        CALL, 400, openai("litellm.UnsupportedParamsError: model does not support parameters: ['seed']", "400", None)
    ),
    "databricks-busy": Kind(CALL, 503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}, again=True),
    "unknown-words": Kind(CALL, 400, "Bad Request"),
    "empty-body": Kind(CALL, 400, ""),
    "html": Kind(CALL, 405, "<html><body>Method Not Allowed</body></html>"),
    "conflict": Kind(CALL, 409, anthropic("Conflict", "conflict_error")),
    # Errors with HTTP status 200.
    "openrouter-upstream": Kind(
        CALL, 200, {"error": {"message": "Provider returned error", "code": 502}, "user_id": "u"}, again=True
    ),
    "openrouter-setting": Kind(
        CALL, 200,
        {"error": {"message": "Provider returned error", "code": 400,
                   "metadata": {"raw": json.dumps(openai("Unsupported parameter: seed", "unsupported_parameter")),
                                "provider_name": "OpenAI"}}},
    ),
    "openrouter-length": Kind(
        OVERFLOW, 200,
        {"error": {"message": "This endpoint's maximum context length is 32768 tokens.", "code": 400}},
    ),
    "openrouter-choice": Kind(
        CALL, 200,
        {"choices": [{"message": {"content": "7 1"}, "text": "7 1", "finish_reason": "error",
                      "error": {"code": 500, "message": "The upstream broke off"}}]},
        again=True,
    ),
    "gateway-rate": Kind(CALL, 200, {"error": {"message": "slow down", "type": "rate_limit_error"}}, again=True),
    "gemini-busy": Kind(CALL, 200, gemini("The model is overloaded.", "UNAVAILABLE", 503), again=True),
    "gateway-words": Kind(CALL, 200, {"error": "something is wrong with the pool"}),
    "minimax-rate": Kind(
        CALL, 200, {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, again=True
    ),
    "minimax-unsafe": Kind(
        REFUSED, 200, {"choices": None, "base_resp": {"status_code": 1026, "status_msg": "new_sensitive"}}
    ),
    "gemini-blocked": Kind(REFUSED, 200, {"choices": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    "aws-timeout": Kind(CALL, 200, {"message": "Endpoint request timed out"}),
    "null-choices": Kind(CALL, 200, {"id": None, "choices": None, "model": "m"}),
    # Too long.
    "vllm-length": Kind(
        OVERFLOW, 400,
        vllm("This model's maximum context length is 4096 tokens. However, your prompt contains 5000 input tokens.",
             param="input_tokens"),
    ),
    "vllm-old-length": Kind(
        OVERFLOW, 400, bare("The decoder prompt (length 9) is longer than the maximum model length of 8.")
    ),
    "sglang-length": Kind(
        OVERFLOW, 400, bare("The input (61709 tokens) is longer than the model's context length (40960 tokens).")
    ),
    "sglang-total": Kind(
        OVERFLOW, 400, bare("Requested token count exceeds the model's maximum context length of 202752 tokens.")
    ),
    "sglang-allowed": Kind(
        OVERFLOW, 400, bare("Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens).")
    ),
    "tgi-length": Kind(
        OVERFLOW, 422,
        {"error": "Input validation error: `inputs` must have less than 1024 tokens. Given: 1872",
         "error_type": "validation"},
    ),
    "tgi-total": Kind(
        OVERFLOW, 422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 1512. Given: 1000 `inputs`",
         "error_type": "validation"},
    ),
    "llamacpp-length": Kind(
        OVERFLOW, 400,
        {"error": {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 9412, "n_ctx": 8192,
                   "message": "request (9412 tokens) exceeds the available context size (8192 tokens)"}},
    ),
    "llamacpp-old-length": Kind(
        OVERFLOW, 500,
        {"error": {"code": 500, "message": "the request exceeds the available context size", "type": "server_error"}},
    ),
    "llama-cpp-python": Kind(OVERFLOW, 500, openai("Requested tokens (2285) exceed context window of 2048", None)),
    "ollama-length": Kind(OVERFLOW, 400, openai("the input length exceeds the context length", None, "api_error")),
    "lmstudio-length": Kind(
        OVERFLOW, 400,
        {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with "
                  "context length of only 4096 tokens, which is not enough."},
    ),
    "openai-length": Kind(
        OVERFLOW, 400, openai("Your input exceeds the context window of this model.", "context_length_exceeded")
    ),
    "anthropic-length": Kind(OVERFLOW, 400, anthropic("prompt is too long: 213462 tokens > 200000 maximum")),
    "anthropic-total": Kind(
        OVERFLOW, 400, anthropic("input length and `max_tokens` exceed context limit: 188059 + 20000 > 200000")
    ),
    "anthropic-bytes": Kind(OVERFLOW, 413, anthropic("Request exceeds the maximum size", "request_too_large")),
    "gemini-length": Kind(
        OVERFLOW, 400, gemini("The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).")
    ),
    "litellm-length": Kind(
        OVERFLOW, 400,
        openai("litellm.BadRequestError: litellm.ContextWindowExceededError: AnthropicError - prompt is long", "400"),
    ),
    "bedrock-length": Kind(OVERFLOW, 400, {"message": "Input is too long for requested model."}),
    "cohere-length": Kind(OVERFLOW, 400, {"message": "too many tokens: size limit exceeded by 11326 tokens."}),
    "xai-length": Kind(
        OVERFLOW, 400,
        {"code": "Client specified an invalid argument",
         "error": "This model's maximum prompt length is 131072 but the request contains 537812 tokens."},
    ),
    "mistral-length": Kind(
        OVERFLOW, 400,
        bare("Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"),
    ),
    "qwen-length": Kind(
        OVERFLOW, 400,
        openai("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
               "invalid_parameter_error"),
    ),
    "rewrapped-length": Kind(
        OVERFLOW, 400, {"detail": json.dumps({"error": {"message": "too long", "type": "exceed_context_size_error"}})}
    ),
    # Unsafe.
    "azure-filter": Kind(
        REFUSED, 400,
        {"error": {"message": "The response was filtered due to the prompt triggering content management policy.",
                   "type": None, "param": "prompt", "code": "content_filter",
                   "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
    ),
    "openai-policy": Kind(
        REFUSED, 400,
        openai("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", "invalid_prompt"),
    ),
    "anthropic-policy": Kind(REFUSED, 400, anthropic("Output blocked by content filtering policy")),
    "deepseek-risk": Kind(REFUSED, 400, openai("Content Exists Risk", "invalid_request_error")),
    "qwen-inspection": Kind(
        REFUSED, 400,
        openai("Input data may contain inappropriate content.", "data_inspection_failed", "data_inspection_failed"),
    ),
    "zhipu-sensitive": Kind(
        REFUSED, 400, {"error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}}
    ),
    "litellm-policy": Kind(
        REFUSED, 400,
        openai("litellm.ContentPolicyViolationError: AzureException - filtered", "400", None),
    ),
    "openrouter-flagged": Kind(
        REFUSED, 403,
        {"error": {"code": 403, "message": "Input refused",
                   "metadata": {"reasons": ["violence"], "flagged_input": "..."}}},
    ),
    # Not decodable.
    "bad-unicode": Kind(
        INVALID, 400, openai("Failed to parse the request body as JSON: unexpected end of hex escape", None)
    ),
}  # fmt: skip

ENDED = {
    **dict.fromkeys(("stop", "eos_token", "STOP", "end_turn", "stop_sequence", "COMPLETE"), "whole"),
    **dict.fromkeys(
        (
            "length",
            "max_tokens",
            "MAX_TOKENS",
            "LENGTH",
            "model_length",
            "max_output_tokens",
            "FINISH_REASON_MAX_TOKENS",
        ),
        "cut",
    ),
    **dict.fromkeys(("content_filter", "SAFETY", "refusal", "guardrail_intervened", "sensitive"), REFUSED),
    **dict.fromkeys(("tool_calls", "tool_use", "some_new_reason", "unknown"), CALL),
}

Shape = Callable[[dict[str, Any], str], None]
"""Changes an answer, given its text."""


def _message(answer: dict[str, Any], **fields: Any) -> None:
    answer["choices"][0].pop("text", None)
    answer["choices"][0]["message"] = {"role": "assistant", **fields}


def _parts(answer: dict[str, Any], text: str) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "1 10 would be wrong"}]}
    _message(answer, content=[thought, {"type": "text", "text": text}])


def _counted(answer: dict[str, Any], text: str) -> None:
    answer["usage"] = {name: float(count) for name, count in answer["usage"].items() if isinstance(count, int)}


SHAPED: dict[str, Shape] = {
    "parts": _parts,
    "reasoning-content": lambda answer, text: _message(answer, content=text, reasoning_content="1 10 would be wrong"),
    "reasoning": lambda answer, text: _message(answer, content=text, reasoning="1 10 would be wrong", refusal=None),
    "float-counts": _counted,
    "no-usage": lambda answer, text: answer.pop("usage") and None,
    "null-error": lambda answer, text: answer.update(error=None),
    "only-thinking": lambda answer, text: _message(answer, content=None, reasoning_content=text),
    "refusal": lambda answer, text: _message(answer, content=None, refusal="I will not compare these."),
    "image": lambda answer, text: _message(answer, content=[{"type": "image_url", "image_url": {"url": "x"}}]),
}
