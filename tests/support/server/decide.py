"""Both decision endpoints as servers give them: what they take, what they refuse, and the layout of their replies."""

from __future__ import annotations

from typing import Any

MOST_OPTIONS = 26
MOST_QUESTIONS = 64


class RefusedError(Exception):
    """What the endpoint answers with HTTP 400."""


def is_served(path: str, rule: str | None) -> bool:
    """Whether the rule `decides` names this path: `decides:systemone`, `decides:decisions`, or `decides` for both."""
    return rule is not None and path in (["/v1/systemone", "/v1/decisions"] if rule == "" else [f"/v1/{rule}"])


def asked_in(path: str, body: dict[str, Any]) -> tuple[str, str, list[str]]:
    """What is judged, the question and the names of its options."""
    if path == "/v1/systemone":
        questions = list(body["questions"].values())
        state, options = body["state"], list(questions[0]["criteria"])
    else:
        if unknown := body.keys() - {"model", "input", "questions", "safety_identifier"}:
            raise RefusedError(f"Extra inputs are not permitted: {sorted(unknown)}")
        questions = body["questions"]
        state, options = body["input"], [choice["value"] for choice in questions[0]["choices"]]
        if len(options) < 2:
            raise RefusedError("choices: List should have at least 2 items")
    if len(questions) > MOST_QUESTIONS:
        raise RefusedError(f"questions: at most {MOST_QUESTIONS} for this model")
    if len(options) > MOST_OPTIONS:
        raise RefusedError(f"question: at most {MOST_OPTIONS} options for this model")
    return state, questions[0]["instructions"], options


def decision(path: str, body: dict[str, Any], options: list[str], digest: bytes, mass: float) -> dict[str, Any]:
    """The reply: a probability for each option, by the prompt alone; they sum to 1 among the options."""
    weights = {name: 1 + digest[place % 32] for place, name in enumerate(options)}
    shares = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    best = max(shares, key=shares.__getitem__)
    answer: dict[str, Any] = {"type": "choice", "choice": best, "confidence": shares[best] * mass}
    usage: dict[str, Any] = {"input_tokens": 40, "output_tokens": 1}
    if path == "/v1/systemone":
        (name,) = body["questions"]
        return {
            "id": "decision-1",
            "object": "structured_decision",
            "created": 1,
            "model": body["model"],
            "answers": {name: answer | {"probabilities": shares}},
            "usage": usage,
            "diagnostics": {name: {"label_mass": mass, "argmax_is_label": mass > 0.5}},
        }
    listed = [{"value": name, "probability": share} for name, share in shares.items()]
    usage |= {"total_tokens": 41, "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 0}}
    named = {"name": body["questions"][0]["name"], "probabilities": listed}
    return {"model": body["model"], "answers": [answer | named], "usage": usage}
