"""How a judge's answer is generated."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from judgelake.config import Config


class Decoding(Config):
    """How the judge's answer is generated."""

    temperature: float | None = Field(default=0.0, ge=0)
    """Null sends none, for models that refuse it; they sample by their own."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: PositiveInt = 512
    """Output tokens that one judgment may use."""
    stop: tuple[str, ...] = ()
    """Texts at which generation stops; the text itself is not part of the output."""
    beam_width: PositiveInt | None = None
    """Beams of a beam search; null: no beam search."""
    repetition_penalty: PositiveFloat | None = None
    seed: int | None = None


class DecodingChange(Config):
    """Decoding keys of one mode, which replace the judge's."""

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = None
    max_tokens: PositiveInt | None = None
    stop: tuple[str, ...] | None = None
    beam_width: PositiveInt | None = None
    repetition_penalty: PositiveFloat | None = None
    seed: int | None = None
