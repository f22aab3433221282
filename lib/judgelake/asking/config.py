"""How requests are grouped and sent; nothing here changes what is asked."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from judgelake.config import Config

OFF = "off"
"""The setting of `staging` without a journal."""


class Asking(Config):
    """How requests are grouped and sent; nothing here changes what is asked."""

    chunk_requests: PositiveInt | None = None
    """Requests in one Delta append; null: by the size of the job, 20,000 at least and 464,000 of two billion."""
    chunks_in_flight: PositiveInt | None = None
    """Chunks that are asked at the same time; null: as many as keep all slots of the cluster busy."""
    partitions: PositiveInt | None = None
    """Tasks into which a chunk is split; null: two per slot of the cluster, for at most sixteen slots, or for
    an equal part of all if the job has few chunks."""
    window_requests: PositiveInt | None = None
    """Requests that one task keeps in flight. Null: at a vLLM of an executor its share of twice the sequences that this
    computes at once, but at least 64; at `engine.url` 256."""
    window_mib: PositiveInt | None = None
    """Prompt bytes that one task keeps in flight, in MiB. Null: a quarter for each request of its window, at least
    16."""
    staging: str | None = None
    """Folder or address in which tasks keep answers until they are in the table; null: inside the storage of the table;
    "off": nowhere."""
    max_attempts: PositiveInt = 3
    """Attempts over all runs for a request whose failure may be temporary."""
    max_failed_share: float = Field(default=0.05, ge=0, le=1)
    """The run fails if a larger share of its requests ends in engine_error or timeout."""
    give_up_after: PositiveInt = 50
    """The run stops if its first N requests all fail with the same status, unless most is already judged.

    It also stops, whatever N is, if all of its calls fail alike or all prompts are too long. Then nothing is stored.
    """

    @field_validator("staging", mode="before")
    @classmethod
    def _off_is_a_word(cls, setting: object) -> object:
        # YAML reads off, as it stands in files and after --set, as false.
        return OFF if setting is False else setting
