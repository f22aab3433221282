"""The judge of one job: its files, its model and the fingerprint under which its judgments are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from judgelake.asking import Found, changing_answers, find_model
from judgelake.engine import (
    CommitOf,
    Keys,
    ResolvedAdapter,
    ResolvedModel,
    Say,
    chat_template,
    check_logprobs,
    check_options,
    commit_of,
    max_model_len,
    say_on_stderr,
    shortest_context,
    with_dtype_for_this_cpu,
    with_float32_head,
)
from judgelake.errors import UserError
from judgelake.jobs.judge.config import JudgeChoice, JudgeJob
from judgelake.judges import Decoding, JudgeSpec, ModeSpec, judge_fingerprint, load_judge


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge in one mode, ready to be asked; small and picklable, so that it can be sent to executors.

    `model_version` is the content hash of a model's files, or name@commit. `context_length` is in tokens. `is_served`
    means that the model is a name on a server already running; `chat_template` is given to a server we start.
    `weights` are the model as the driver resolved it, `adapter` what is put on it.
    """

    spec: JudgeSpec
    mode: str
    reference: str
    weights: ResolvedModel
    model_version: str
    fingerprint: str
    decoding: Decoding
    is_served: bool = False
    neutralises: bool = False
    """Whether control strings in the material are broken in its prompts."""
    chat_template: str | None = None
    adapter: ResolvedAdapter | None = None

    @property
    def model(self) -> str:
        """Local folder, address with its version, or name on Hugging Face or on the server."""
        return self.weights.model

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the start of a run."""
        return self.weights.notes + (self.adapter.found.notes if self.adapter is not None else ())

    @property
    def full_name(self) -> str:
        """The model with its adapter, for the record of a run."""
        return self.model if self.adapter is None else f"{self.model} with the adapter {self.adapter.found.model}"

    @property
    def revision(self) -> str | None:
        """Commit of a model on Hugging Face; a branch or tag only where its commit cannot be known."""
        return self.weights.revision

    @property
    def is_asked_in_chats(self) -> bool:
        """Whether its prompts are chats."""
        return bool(self.spec.mode(self.mode).messages)

    @property
    def decides(self) -> bool:
        """Whether a decision endpoint is asked."""
        return self.spec.mode(self.mode).verdict_from == "decision"

    @property
    def context_length(self) -> int:
        """Tokens of prompt and output together."""
        return self.spec.context_length


def settled(job: JudgeJob) -> JudgeJob:
    """The job with what is decided about its engine written into it, before anything is identified by its content.

    Raises:
        UserError: no such judge or mode.
    """
    engine = with_dtype_for_this_cpu(job.engine)
    mode = load_judge(job.judge.name, job.judge.folder).mode(job.judge.mode)
    return job.model_copy(update={"engine": with_float32_head(engine) if mode.labels_decide else engine})


def resolve_judge(job: JudgeJob, *, commit_of: CommitOf | None = commit_of, say: Say | None = None) -> Judge:
    """Load the judge named in the job, apply the job's model, length and decoding, and fingerprint it.

    Args:
        job: what to judge, by whom, and how.
        commit_of: asks for the commit of a name on Hugging Face; None: the model is nobody's but the caller's.
        say: takes lines about a model that is read from elsewhere; None writes them to stderr.

    Raises:
        UserError: no such judge, mode or model, a judge without its prompt, an engine option that would select
            another model or that vLLM does not accept, or no room for a prompt in addition to the output.
    """
    choice = job.judge
    spec = load_judge(choice.name, choice.folder)
    spec.mode(choice.mode)
    spec.require_prompt()
    is_served = job.engine.url is not None
    if not is_served:
        check_options(job.engine.options)
    found = _found(spec, job, commit_of, say or say_on_stderr)
    spec = _with_choices(spec, job, found.weights)
    _check_room(spec, choice.mode)
    if not is_served and spec.mode(choice.mode).labels_decide:
        check_logprobs(job.engine.options)
    return Judge(
        spec=spec,
        mode=choice.mode,
        reference=choice.reference,
        weights=found.weights,
        model_version=found.identity,
        fingerprint=judge_fingerprint(
            spec,
            choice.mode,
            model_identity=found.identity,
            engine_options=_answer_changing(job),
            reference=choice.reference,
        ),
        decoding=spec.decoding_of(choice.mode),
        is_served=is_served,
        neutralises=job.hardening == "neutralise",
        chat_template=None if is_served else chat_template(job.engine.options),
        adapter=found.adapter,
    )


def _answer_changing(job: JudgeJob) -> dict[str, Any]:
    """What of a job may change an answer, besides its judge and its model.

    Only what is not at its default, so that judgments of the default keep their fingerprint.
    """
    options = changing_answers(job.engine)
    if job.hardening == "neutralise":
        options["hardening"] = job.hardening
    if job.overflow == "trim":
        options["overflow"] = job.overflow
    return options


def _found(spec: JudgeSpec, job: JudgeJob, commit_of: CommitOf | None, say: Say) -> Found:
    choice = job.judge
    # A revision belongs only to the model that it was written for.
    own = spec.revision if choice.model is None else None
    model, revision = choice.model or spec.model, choice.revision or own
    return find_model(model, revision, choice.adapter, job.engine, commit_of=commit_of, say=say, keys=Keys())


def _check_room(spec: JudgeSpec, mode: str) -> None:
    """Reject a judge whose output would take all of its context."""
    output = spec.decoding_of(mode).max_tokens
    if output >= spec.context_length:
        raise UserError(
            f"Judge {spec.name!r}, mode {mode!r} reserves {output} tokens for its output, and the context has "
            f"{spec.context_length}: lower judge.max_tokens, or raise judge.context_length if the model allows it."
        )


def _with_choices(spec: JudgeSpec, job: JudgeJob, found: ResolvedModel) -> JudgeSpec:
    choice = job.judge
    changes: dict[str, Any] = {"model": found.model, "revision": found.revision}
    changes["context_length"] = _context_length(spec, job, found)
    changes["modes"] = {**spec.modes, choice.mode: _mode_with_choices(spec, choice)}
    return spec.model_copy(update=changes)


def _mode_with_choices(spec: JudgeSpec, choice: JudgeChoice) -> ModeSpec:
    mode = spec.mode(choice.mode)
    changes: dict[str, Any] = {}
    decoding: dict[str, Any] = {}
    if choice.max_tokens is not None:
        decoding["max_tokens"] = choice.max_tokens
    if choice.temperature is not None:
        decoding["temperature"] = choice.temperature
    if choice.omit_temperature:
        decoding["temperature"] = None
    if decoding:
        changes["decoding"] = mode.decoding.model_copy(update=decoding)
    if choice.least_label_mass is not None and mode.labels_decide:
        changes["least_label_mass"] = choice.least_label_mass
    return mode.model_copy(update=changes) if changes else mode


def _context_length(spec: JudgeSpec, job: JudgeJob, found: ResolvedModel) -> int:
    """The minimum of what the judge, the job, the engine's options and the model's own config allow."""
    wanted = job.judge.context_length or spec.context_length
    return shortest_context(found.folder, wanted, max_model_len(job.engine.options))
