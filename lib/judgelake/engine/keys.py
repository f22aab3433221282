"""What a job's config calls a model, so that messages name the keys that the user has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one model, each as `--set` takes it; the defaults are those of the judge job."""

    model: str = "judge.model"
    revision: str = "judge.revision"
    adapter: str | None = "judge.adapter"
    """None: the job takes no adapter."""
    context_length: str = "judge.context_length"
    model_cache: str = "engine.model_cache"
    """Or the variable of the environment that has the same effect, where the job has no such key."""

    @classmethod
    def below(cls, group: str) -> Self:
        """The keys of a model that has all of them, and an engine of its own, in one group."""
        names = ("model", "revision", "adapter", "context_length", "engine.model_cache")
        return cls(*(f"{group}.{name}" for name in names))

    @property
    def or_chat_template(self) -> str:
        """The words behind "set the model", where an engine could be given another chat template."""
        return ", or engine.options.chat-template" if self.adapter is not None else ""

    def of(self, kind: str) -> str:
        """The key of a "model" or an "adapter"; without adapters, all is the model's."""
        return self.adapter if kind == "adapter" and self.adapter is not None else self.model


JUDGE = Keys()
