"""What came back over HTTP, before anything is made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and body of an answer, and the seconds that the server asked to wait."""

    status: int
    text: str
    retry_after: float | None


def models_in(http: HttpAnswer) -> list[dict[str, Any]]:
    """The models that an answer of /models lists; none if it is not such an answer."""
    try:
        models = json.loads(http.text)["data"] if http.status == 200 else []
    except (ValueError, KeyError, TypeError):
        return []
    return [model for model in models if isinstance(model, dict)] if isinstance(models, list) else []
