"""What the test server does to a request, by rule; everything follows from the prompt, nothing from chance.

A rule is `name` or `name:number`; several are joined by "+": "slow:50+fail:0.1".

    instant            answers at once (the default)
    slow:MS            answers after so many milliseconds
    fail:SHARE         HTTP 500 for this share of the prompts, at every call
    flaky:N            HTTP 500 for the first N calls of every prompt, then answers
    rate-limit:N       HTTP 429 with Retry-After: 0.2 for the first N calls of every prompt
    busy               HTTP 429 with Retry-After: 0.05, always
    garbage:SHARE      text without a verdict for this share of the prompts
    broken-json        an answer that is not JSON
    wrong-json         JSON that is no completion
    cut:N              closes the connection on the first N calls of every prompt (0: always)
    stall:SHARE        never answers this share of the prompts
    long               finish_reason "length", no verdict in the text
    abort:N            finish_reason "abort" on the first N calls of every prompt (0: always)
    filter             finish_reason "content_filter"
    surrogate          a lone surrogate in the text
    context:N          HTTP 400 as vLLM gives it, for prompts of more than N characters
    invalid            HTTP 400 that is not about length
    status:CODE        this HTTP status, always
    deny:WORD          HTTP 403 for prompts that hold the word, as a firewall gives it
    hurry:N            HTTP 429 with Retry-After: 0 for the first N calls of every prompt
    leak:CODE          this HTTP status with a long message that quotes the key it was sent (200: text, no JSON)
    deaf:N             HTTP 503 from /tokenize for its first N calls (0: always)
    dumb:CODE          this HTTP status from /tokenize, always
    blind:N            HTTP 500 from /models for its first N calls (0: always)
    die-after:N        the process ends, without a word, at call N + 1
    key:WORD           HTTP 401 unless the key is WORD
    model:NAME         knows only this model, HTTP 404 for others
    lora               loads adapters as vLLM does, knows only them and its model, and says which of them answered
    plain              a server that is not vLLM: no /tokenize, "owned_by" is somebody else
    says:KIND          the error of a kind of FAILING in server_kinds.py, always
    each-kind          that of the kind which the prompt names as fails:KIND; other prompts are answered
    ends:REASON        this finish reason
    shape:NAME         an answer of a form of SHAPED in server_kinds.py
    only:FIELD         HTTP 400 unless the request has this field and not max_tokens (or temperature)
    decides:PATH       serves /v1/systemone or /v1/decisions (both if no path is given), not for this model with "no"
    mass:SHARE         the probability that the options of a decision have together (0.9)
    scores             free text is always "a b" scores, whatever the prompt looks like
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

KNOWN = {
    "instant", "slow", "fail", "flaky", "rate-limit", "busy", "garbage", "broken-json", "wrong-json", "cut", "stall",
    "long", "abort", "filter", "surrogate", "context", "invalid", "die-after", "key", "model", "plain", "scores",
    "status", "deny", "hurry", "leak", "deaf", "dumb", "blind", "says", "each-kind", "ends", "shape", "only",
    "decides", "mass", "lora",
}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """The rules of one server, by name; a rule without a number has the value ""."""

    values: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Rules:
        values = {}
        for part in text.split("+"):
            name, _, value = part.partition(":")
            if name not in KNOWN:
                raise SystemExit(f"no rule {name!r}; there are: {', '.join(sorted(KNOWN))}")
            values[name] = value
        return cls(values)

    def number(self, name: str, default: float = 0.0) -> float:
        return float(self.values.get(name) or default)

    def hits(self, name: str, digest: bytes) -> bool:
        """Whether a rule with a share concerns this prompt."""
        return name in self.values and digest[0] / 256 < self.number(name, 1.0)

    def is_early(self, name: str, calls: int) -> bool:
        """Whether a rule for the first N calls of a prompt concerns this one (N = 0 or absent: always)."""
        first = self.number(name)
        return name in self.values and (first == 0 or calls <= first)


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def verdict(prompt: str, digest: bytes, choices: list[str] | None, rules: Rules) -> str:
    """A judge's answer that follows from the prompt alone, in the form its format asks for."""
    if rules.hits("garbage", digest):
        return "The weather is nice today."
    if "long" in rules.values:
        return "Let me think about this at length, since"
    if "surrogate" in rules.values:
        return "8 7 \ud800"
    if choices:
        return choices[digest[1] % len(choices)]
    first, second = 1 + digest[1] % 10, 1 + digest[2] % 10
    if "scores" not in rules.values:
        if "[RESULT]" in prompt:
            result = "AB"[digest[1] % 2] if "A or B" in prompt or '"A"' in prompt else str(1 + digest[1] % 5)
            return f"Feedback: both were read. [RESULT] {result}"
        if "final decision is" in prompt:
            return f"Both were read. So, the final decision is {('Response 1', 'Response 2', 'Tie')[digest[1] % 3]}."
        if "[[" in prompt:
            return f"It was read. Rating: [[{first}]]"
        if "### Evaluation" in prompt:
            return f"{('1', '2', 'Tie')[digest[1] % 3]}\n\n### Reason: both were read."
    shown = {int(number) for number in re.findall(r"Assistant (\d+)'s", prompt)}
    scores = [first, second, *(1 + digest[3 + place % 28] % 10 for place in range(max(shown, default=2) - 2))]
    return " ".join(map(str, scores)) + "\nThe first is clearer."
