"""The judge of one job: its files, its model and the fingerprint under which its judgments are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.engine import (
    answer_changing,
    chat_template,
    check_logprobs,
    check_options,
    env_changing,
    max_model_len,
    model_identity,
    most_positions,
    request_changing,
    served_identity,
)
from judgelake.errors import UserError
from judgelake.jobs.judge.config import JudgeChoice, JudgeJob
from judgelake.judges import Decoding, JudgeSpec, ModeSpec, judge_fingerprint, load_judge


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge in one mode, ready to be asked; small and picklable, so that it can be sent to executors.

    `model_version` is the content hash of a local model, or name@revision. `context_length` is in tokens. `is_served`
    means that the model is a name on a server already running; `chat_template` is given to a server we start.
    """

    spec: JudgeSpec
    mode: str
    reference: str
    model_version: str
    fingerprint: str
    decoding: Decoding
    is_served: bool = False
    chat_template: str | None = None

    @property
    def model(self) -> str:
        """Local folder, or name on Hugging Face or on the server."""
        return self.spec.model

    @property
    def revision(self) -> str | None:
        """Commit or tag of a model on Hugging Face."""
        return self.spec.revision

    @property
    def context_length(self) -> int:
        """Tokens of prompt and output together."""
        return self.spec.context_length


def resolve_judge(job: JudgeJob) -> Judge:
    """Load the judge named in the job, apply the job's model, length and decoding, and fingerprint it.

    Raises:
        UserError: no such judge, mode or local model, a judge without its prompt, an engine option that would select
            another model or that vLLM does not accept, or no room for a prompt in addition to the output.
    """
    choice = job.judge
    spec = load_judge(choice.name, choice.folder)
    spec.mode(choice.mode)
    spec.require_prompt()
    spec = _with_choices(spec, job)
    _check_room(spec, choice.mode)
    is_served = job.engine.url is not None
    options: dict[str, Any] = {}
    if is_served:
        identity = served_identity(spec.model, spec.revision)
    else:
        identity = model_identity(spec.model, spec.revision)
        check_options(job.engine.options)
        if spec.mode(choice.mode).labels_decide:
            check_logprobs(job.engine.options)
        options = answer_changing(job.engine.options) | env_changing(job.engine.env)
    options |= request_changing(job.engine)
    if job.overflow == "trim":
        # Only then, so that judgments of the default keep their fingerprint.
        options["overflow"] = job.overflow
    return Judge(
        spec=spec,
        mode=choice.mode,
        reference=choice.reference,
        model_version=identity,
        fingerprint=judge_fingerprint(
            spec, choice.mode, model_identity=identity, engine_options=options, reference=choice.reference
        ),
        decoding=spec.decoding_of(choice.mode),
        is_served=is_served,
        chat_template=None if is_served else chat_template(job.engine.options),
    )


def _check_room(spec: JudgeSpec, mode: str) -> None:
    """Reject a judge whose output would take all of its context."""
    output = spec.decoding_of(mode).max_tokens
    if output >= spec.context_length:
        raise UserError(
            f"Judge {spec.name!r}, mode {mode!r} reserves {output} tokens for its output, and the context has "
            f"{spec.context_length}: lower judge.max_tokens, or raise judge.context_length if the model allows it."
        )


def _with_choices(spec: JudgeSpec, job: JudgeJob) -> JudgeSpec:
    choice = job.judge
    changes: dict[str, Any] = {}
    if choice.model is not None:
        # A revision belongs only to the model that it was written for.
        changes |= {"model": choice.model, "revision": choice.revision}
    elif choice.revision is not None:
        changes["revision"] = choice.revision
    model = changes.get("model", spec.model)
    if job.engine.url is None and Path(model).is_dir():
        # Executors may run in another working folder.
        changes["model"] = str(Path(model).resolve())
    changes["context_length"] = _context_length(spec, job)
    changes["modes"] = {**spec.modes, choice.mode: _mode_with_choices(spec, choice)}
    return spec.model_copy(update=changes)


def _mode_with_choices(spec: JudgeSpec, choice: JudgeChoice) -> ModeSpec:
    mode = spec.mode(choice.mode)
    changes: dict[str, Any] = {}
    decoding: dict[str, Any] = {}
    if choice.max_tokens is not None:
        decoding["max_tokens"] = choice.max_tokens
    if choice.omit_temperature:
        decoding["temperature"] = None
    if decoding:
        changes["decoding"] = mode.decoding.model_copy(update=decoding)
    if choice.least_label_mass is not None and mode.labels_decide:
        changes["least_label_mass"] = choice.least_label_mass
    return mode.model_copy(update=changes) if changes else mode


def _context_length(spec: JudgeSpec, job: JudgeJob) -> int:
    """The minimum of what the judge, the job, the engine's options and a local model's own config allow."""
    option = max_model_len(job.engine.options)
    own = None if job.engine.url is not None else most_positions(Path(job.judge.model or spec.model))
    wanted = job.judge.context_length or spec.context_length
    return min(length for length in (wanted, option, own) if length is not None)
