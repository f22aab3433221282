"""Where an answer comes from: a given address, or a vLLM server on each executor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator
from pydantic_core import PydanticCustomError

from judgelake.config import SECRET_IN_URL, Config
from judgelake.engine.server.variables import may_change_an_answer

# The last word of a name, as in hf-token, VLLM_API_KEY, ssl-keyfile-password; for passwords and secrets any word, as in
# AWS_SECRET_ACCESS_KEY. Plurals do not match: max-num-batched-tokens.
SECRET_NAME = re.compile(r"(?:^|[-_.]|api)(?:token|key)$|secret|password|passwd|passphrase", re.IGNORECASE)
# vLLM's parser accepts a beginning of a name that only one option has: the shortest ones of its secrets, in vLLM 0.32.
SHORTEST_SECRETS = {"api-key": "api-k", "hf-token": "hf-t", "ssl-keyfile-password": "ssl-keyfile-p"}

# User and password, or a key alone, in an address: that of a proxy, say.
KEY_IN_ADDRESS = re.compile(r"\w://[^/?#\s]*@")

# They match the form of a secret's name, and are none.
NO_SECRETS = ("prompt_cache_key",)

URL_TIMEOUT_S = 600.0
MAX_TOKENS = "max_tokens"
OWN_FIELDS = frozenset(
    (
        *("model", "prompt", "messages", "temperature", "top_p", "stop", "seed", "repetition_penalty"),
        *("use_beam_search", "n", "structured_outputs", "logprobs", "top_logprobs", "logprob_token_ids"),
        *("return_tokens_as_token_ids", "add_generation_prompt", "continue_final_message"),
        *("state", "input", "questions"),
    )
)
"""The fields of a request that the judge decides, without that of its output tokens."""
SYSTEM_ONE = "systemone"
DECISION_ENDPOINTS = (SYSTEM_ONE, "decisions")
"""The endpoints below /v1 that return a probability for each allowed answer."""
# With them a reply is not one whole answer.
UNREAD_FIELDS = frozenset(("stream", "stream_options", "echo", "best_of"))
FIELD_NAME = r"^[A-Za-z_]\w*$"

Scalar = bool | int | float | str | None


class Engine(Config):
    """The OpenAI-compatible endpoint that answers: a given address, or a vLLM server on each executor."""

    url: str | None = None
    """Address of a running server, up to and including /v1. Null: every executor starts its own vLLM."""
    api_key_env: str | None = None
    """Variable in the driver's environment that holds the key of `url`. The key itself is never written in a config."""
    api_key_secret: str | None = None
    """Databricks secret as "scope/key", used instead of `api_key_env`."""
    requests_per_second: PositiveFloat | None = None
    """Maximum rate of the whole run, divided among its tasks; null for no limit."""
    max_in_flight: PositiveInt | None = None
    """Most requests that the whole run has in flight at `url`, divided among its tasks; null for no limit."""
    max_tokens_field: str = Field(default=MAX_TOKENS, pattern=FIELD_NAME)
    """The server's name for the most output tokens: some models only take max_completion_tokens."""
    body: dict[str, Any] = Field(default_factory=dict)
    """Further fields of every request, as the server knows them: {"reasoning_effort": "low"}. No secrets."""
    decision_endpoint: Literal["systemone", "decisions"] | None = None
    """The endpoint below /v1 for modes with verdict_from: decision. Null: whichever the server has, systemone first."""
    max_retries: int = Field(default=5, ge=0)
    """Attempts after the first for a call that failed in transit or that the server asked to repeat later."""
    timeout_s: PositiveFloat | None = None
    """Seconds one call may take before its row gets the status timeout. Null: 600 at `url`, and no limit at a server of
    an executor, where `stall_stop_s` ends what hangs: a call may wait long for its turn on a healthy one."""
    options: dict[str, Scalar] = Field(default_factory=dict)
    """vLLM's own options, by their names without dashes: {"max-model-len": 4096, "dtype": "bfloat16"}. No secrets."""
    env: dict[str, str] = Field(default_factory=dict)
    """Environment of the vLLM server, for what is not an option: {"VLLM_CPU_KVCACHE_SPACE": "4"}. No secrets."""
    env_operational: dict[str, str] = Field(default_factory=dict)
    """Like `env`, for names that only say where and how the server runs: {"GLOO_SOCKET_IFNAME": "eth0"}. Recorded with
    the run, and no part of the judge's fingerprint. Names known to change answers are refused. No secrets."""
    scope: Literal["gpu", "executor"] | None = None
    """gpu: one server for each GPU set that Spark gives to a task. executor: one on all GPUs of an executor, for any
    number of its tasks. Null: gpu where Spark gives GPUs to tasks, else executor."""
    gpus_a_task: PositiveFloat | None = None
    """GPUs of a task that asks, where executors have GPUs and spark.task.resource.gpu.amount is not set: a part of one,
    or a whole number. Only the asking stage takes them. Null: 0.25. Not for scope: executor, and not with Spark's
    dynamic allocation."""
    start_timeout_s: PositiveFloat = 900
    """Seconds a server may take to load the model and answer; before that its start waits as long for the calls of
    another judge on the same GPUs."""
    idle_stop_s: PositiveFloat = 300
    """Seconds without a request after which a server stops itself; at once where another judge needs its GPUs. That of
    the job that started it counts."""
    stall_stop_s: PositiveFloat = 150
    """Seconds with requests waiting but no token computed after which a server is killed. That of the job that started
    it counts."""
    model_cache: str | None = None
    """Folder on every host for the models that are read from elsewhere (models:/, /Volumes/, s3://, ...), one copy a
    host; null: judgelake/models in XDG_CACHE_HOME or ~/.cache. It needs room for all weights."""
    folder: str | None = None
    """Folder of sockets, locks and logs on an executor; null: judgelake-<user> in the temporary folder."""

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str | None) -> str | None:
        if url is not None and "@" in urlsplit(url).netloc:
            raise PydanticCustomError(
                SECRET_IN_URL, "an address with user and password would end up in tables; use engine.api_key_env"
            )
        return url

    @field_validator("options", "env", "env_operational", "body")
    @classmethod
    def _names_no_secret(cls, values: dict[str, Any]) -> dict[str, Any]:
        secret = next((name for name in _names_in(values) if is_secret_name(name)), None)
        if secret is not None:
            raise PydanticCustomError(
                SECRET_IN_URL,
                "{name} is a secret and would end up in tables and logs; set it in the environment of the executors, "
                "where a server finds HF_TOKEN and the keys of AWS, Azure and Google (it needs no API key of its own)",
                {"name": repr(secret.partition("=")[0])},
            )
        if any(KEY_IN_ADDRESS.search(text) for text in _texts_in(values)):
            raise PydanticCustomError(
                SECRET_IN_URL,
                "an address with user and password would end up in tables and logs; set it in the environment of the "
                "executors, where a server finds HTTPS_PROXY and HF_ENDPOINT",
            )
        return values

    @field_validator("env_operational")
    @classmethod
    def _changes_no_answer(cls, values: dict[str, str]) -> dict[str, str]:
        if (changing := next(filter(may_change_an_answer, values), None)) is not None:
            raise ValueError(f"{changing} may change an answer: set it in engine.env, where it counts as another judge")
        return values

    @field_validator("body")
    @classmethod
    def _is_json(cls, body: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(body, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"holds a value that is not JSON ({error}): use texts, numbers and lists") from error
        return body

    @field_validator("gpus_a_task")
    @classmethod
    def _is_a_part_or_whole(cls, gpus: float | None) -> float | None:
        if gpus is not None and gpus > 1 and not gpus.is_integer():
            raise ValueError("a task has a part of one GPU, such as 0.5, or whole ones, such as 2")
        return gpus

    @model_validator(mode="after")
    def _has_gpus_of_one_kind(self) -> Self:
        if self.gpus_a_task is not None and self.scope == "executor":
            raise ValueError("gpus_a_task is for scope: gpu; with scope: executor all tasks share one engine")
        return self

    @model_validator(mode="after")
    def _adds_only_new_fields(self) -> Self:
        if self.max_tokens_field in OWN_FIELDS | UNREAD_FIELDS:
            raise ValueError(f"max_tokens_field {self.max_tokens_field!r} is another field of a request")
        taken = sorted(self.body.keys() & {*OWN_FIELDS, MAX_TOKENS, self.max_tokens_field})
        if taken:
            raise ValueError(f"body.{taken[0]} is decided by the judge: change its decoding, or max_tokens")
        unread = sorted(self.body.keys() & UNREAD_FIELDS)
        if unread:
            raise ValueError(f"body.{unread[0]} would change the form of the answers, which judgelake could not read")
        if self.max_in_flight is not None and self.url is None:
            raise ValueError("max_in_flight is for engine.url: a vLLM server of an executor is bounded by its window")
        return self


def call_timeout_s(engine: Engine, *, is_own: bool) -> float | None:
    """The seconds that a call may take; None for no limit.

    Args:
        engine: `timeout_s` counts where it is set.
        is_own: whether the server is one that judgelake started and supervises.
    """
    return engine.timeout_s if engine.timeout_s is not None or is_own else URL_TIMEOUT_S


def request_changing(engine: Engine) -> dict[str, Any]:
    """What of a request's form may change an answer, for the fingerprint; nothing if all is at its default."""
    changed: dict[str, Any] = {}
    if engine.max_tokens_field != MAX_TOKENS:
        changed["engine.max_tokens_field"] = engine.max_tokens_field
    if engine.body:
        changed["engine.body"] = engine.body
    if engine.decision_endpoint is not None:
        changed["engine.decision_endpoint"] = engine.decision_endpoint
    return changed


def _names_in(values: Any) -> Iterator[str]:
    """The names at all depths."""
    if isinstance(values, dict):
        yield from (str(name) for name in values)
    for item in values.values() if isinstance(values, dict) else values if isinstance(values, list) else ():
        yield from _names_in(item)


def _texts_in(values: Any) -> Iterator[str]:
    """The texts at all depths that are not names."""
    if isinstance(values, str):
        yield values
    for item in values.values() if isinstance(values, dict) else values if isinstance(values, list) else ():
        yield from _texts_in(item)


def is_secret_name(name: str) -> bool:
    """Whether an option or variable of this name contains a secret, judging by the usual form of such names.

    Spaces around the name do not count, nor a value after "="; "hf-tok" is "hf-token" for vLLM.
    """
    plain = name.partition("=")[0].strip()
    if plain in NO_SECRETS:
        return False
    option = plain.lstrip("-").replace("_", "-")
    is_cut = any(secret.startswith(option) and option.startswith(least) for secret, least in SHORTEST_SECRETS.items())
    return is_cut or SECRET_NAME.search(plain) is not None
