"""A deterministic OpenAI-compatible server for tests: its own process, real HTTP, no model.

    python tests/support/server/serve.py --port 0 --rule slow:50

prints its base URL as the first line (port 0 takes a free one; `--uds PATH` listens on a Unix socket). Rules are
in rules.py. GET /stats tells how often each prompt was asked, by the SHA-256 of its text (of a chat: the contents
of all messages, joined by newlines).

    python tests/support/server/serve.py --each-line

starts a server of its own for every rule it reads as a line, and prints its process id and base URL. It forks them
with all imports done, so that a server is there in a hundredth of the time; they end when the input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import web

sys.path.insert(0, str(Path(__file__).resolve().parent))
from decide import RefusedError, asked_in, decision, is_served
from rules import Rules, digest_of, verdict
from server_kinds import FAILING, SHAPED

DEFAULT_MODEL = "test-judge"
NAMED_KIND = re.compile(r"fails:([a-z-]+)")


class Server:
    """Answers every request by the rules."""

    def __init__(self, rules: Rules, model: str) -> None:
        self.rules = rules
        self.model = model
        self.calls: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0
        self.tokens = 0
        self.adapters: dict[str, str] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Route by path; a table of routes would halve the rate."""
        path = request.path
        key = self.rules.values.get("key")
        if key and path != "/health" and request.headers.get("Authorization") != f"Bearer {key}":
            return error(401, "Incorrect API key provided", "invalid_api_key")
        if path in ("/v1/completions", "/v1/chat/completions"):
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                return await self.complete(request, json.loads(await request.read()), "chat" in path)
            finally:
                self.in_flight -= 1
        return await self.other(request, path)

    async def other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        self.paths[path] += 1
        if path == "/v1/models":
            if self.rules.is_early("blind", self.paths[path]):
                return error(500, "by rule")
            owner = "somebody" if "plain" in self.rules.values else "vllm"
            names = [self.rules.values.get("model") or self.model, *self.adapters]
            data = [{"id": name, "object": "model", "owned_by": owner} for name in names]
            return answer({"object": "list", "data": data})
        if path in ("/v1/load_lora_adapter", "/v1/unload_lora_adapter") and "lora" in self.rules.values:
            return self.change_adapters(path, json.loads(await request.read()))
        if path == "/health":
            return web.Response(text="")
        if path == "/stats":
            counts = {"total": sum(self.calls.values()), "calls": dict(self.calls), "paths": dict(self.paths)}
            return answer(counts | {"most_in_flight": self.most_in_flight})
        if path == "/metrics":
            lines = {"num_requests_running": self.in_flight, "num_requests_waiting": 0}
            lines |= {"prompt_tokens_total": self.tokens, "generation_tokens_total": self.tokens}
            text = "".join(f'vllm:{name}{{engine="0"}} {float(value)}\n' for name, value in lines.items())
            return web.Response(text=text)
        if path == "/version" and "plain" not in self.rules.values:
            return answer({"version": "test"})
        if path == "/tokenize" and "plain" not in self.rules.values:
            if self.rules.is_early("deaf", self.paths[path]):
                return error(503, "by rule")
            if "dumb" in self.rules.values:
                return error(int(self.rules.number("dumb")), "by rule")
            return self.tokenize(json.loads(await request.read()))
        if path in ("/v1/systemone", "/v1/decisions"):
            return self.decide(path, json.loads(await request.read()))
        return error(404, "Not Found")

    def change_adapters(self, path: str, body: dict[str, Any]) -> web.Response:
        """The statuses and words of vLLM 0.32."""
        name = body["lora_name"]
        if "unload" in path:
            return web.Response(status=200 if self.adapters.pop(name, None) else 404)
        if name in self.adapters:
            return error(400, f"The lora adapter '{name}' has already been loaded.")
        weights = Path(body["lora_path"]) / "adapter_model.safetensors"
        if not weights.exists():
            return error(404, f"Loading lora {name} failed: No adapter found for {body['lora_path']}")
        self.adapters[name] = weights.read_text("utf-8")
        return web.Response(text=f"Success: LoRA adapter '{name}' added successfully.")

    def decide(self, path: str, body: dict[str, Any]) -> web.Response:
        rules = self.rules
        if rules.values.get("decides") == "no":
            return error(501, "The model does not support the structured decision API")
        if not is_served(path, rules.values.get("decides")):
            return answer_not_found()
        try:
            state, question, options = asked_in(path, body)
        except RefusedError as refused:
            return error(400, str(refused))
        prompt = f"{state}\n{question}"
        digest = digest_of(prompt)
        self.calls[digest.hex()] += 1
        # A response is a mapping, and an empty one is false.
        known = self.known_failure(prompt, body)
        refusal = self.refusal(prompt, digest, self.calls[digest.hex()], body) if known is None else known
        if refusal is not None:
            return refusal
        return answer(decision(path, body, options, digest, rules.number("mass", 0.9)))

    def tokenize(self, body: dict[str, Any]) -> web.Response:
        """A character is a token; a chat begins with 1 and ends with 2, where the answer starts."""
        if "prompt" in body:
            tokens = [ord(letter) for letter in body["prompt"]]
        elif body.get("continue_final_message"):
            *head, last = body["messages"]
            tokens = [1, *(ord(letter) for item in head for letter in item["content"]), 2, *map(ord, last["content"])]
        else:
            tokens = [1, *(ord(letter) for item in body["messages"] for letter in item["content"]), 2]
        return answer({"count": len(tokens), "max_model_len": 4096, "tokens": tokens})

    async def complete(self, request: web.BaseRequest, body: dict[str, Any], is_chat: bool) -> web.StreamResponse:
        rules = self.rules
        prompt = "\n".join(item["content"] for item in body["messages"]) if is_chat else text_of(body["prompt"])
        digest = digest_of(prompt)
        self.calls[digest.hex()] += 1
        calls = self.calls[digest.hex()]
        if "die-after" in rules.values and sum(self.calls.values()) > rules.number("die-after"):
            os._exit(9)
        if "slow" in rules.values:
            await asyncio.sleep(rules.number("slow") / 1000)
        if rules.hits("stall", digest):
            await asyncio.sleep(3600)
        if rules.is_early("cut", calls) and request.transport is not None:
            request.transport.abort()
        if "leak" in rules.values:
            return leak(int(rules.number("leak")), request.headers.get("Authorization", ""))
        # A response is a mapping, and an empty one is false.
        known = self.known_failure(prompt, body)
        refusal = self.refusal(prompt, digest, calls, body) if known is None else known
        if refusal is not None:
            return refusal
        text = verdict(prompt, digest, (body.get("structured_outputs") or {}).get("choice"), rules)
        return self.completion(prompt, digest, text, body, is_chat, rules.is_early("abort", calls))

    def known_failure(self, prompt: str, body: dict[str, Any]) -> web.Response | None:
        rules = self.rules.values
        named = NAMED_KIND.search(prompt) if "each-kind" in rules else None
        kind = named.group(1) if named else rules.get("says")
        if kind is not None:
            failing = FAILING[kind]
            return web.Response(status=failing.http, body=failing.text.encode(), content_type="application/json")
        if "only" in rules and (rules["only"] not in body or {"max_tokens", "temperature"} & body.keys()):
            return error(400, "Unsupported parameter", "unsupported_parameter")
        return None

    def refusal(self, prompt: str, digest: bytes, calls: int, body: dict[str, Any]) -> web.Response | None:
        rules = self.rules
        if rules.hits("fail", digest) or rules.is_early("flaky", calls):
            return error(500, "by rule")
        if "busy" in rules.values or rules.is_early("rate-limit", calls):
            return error(429, "slow down", headers={"Retry-After": "0.05" if "busy" in rules.values else "0.2"})
        if rules.is_early("hurry", calls):
            return error(429, "at once", headers={"Retry-After": "0"})
        if "status" in rules.values:
            return error(int(rules.number("status")), "by rule")
        if "deny" in rules.values and rules.values["deny"] in prompt:
            return error(403, "the prompt was flagged by the firewall")
        if "invalid" in rules.values:
            return error(400, "temperature must not be 3")
        if "context" in rules.values and len(prompt) > rules.number("context"):
            limit = int(rules.number("context"))
            message = f"This model's maximum context length is {limit} tokens. Please reduce the length of the prompt."
            return error(400, message, param="input_tokens")
        if "broken-json" in rules.values:
            return web.Response(text='{"choices": [', content_type="application/json")
        if "wrong-json" in rules.values:
            return answer({"choices": []})
        known = [rules.values["model"]] if "model" in rules.values else [self.model, *self.adapters]
        if ("model" in rules.values or "lora" in rules.values) and body.get("model") not in known:
            return error(404, f"The model `{body.get('model')}` does not exist.")
        return None

    def completion(
        self, prompt: str, digest: bytes, text: str, body: dict[str, Any], is_chat: bool, is_aborted: bool
    ) -> web.Response:
        finish = "abort" if is_aborted else "stop"
        if "long" in self.rules.values:
            finish = "length"
        if "filter" in self.rules.values:
            finish = "content_filter"
        finish = self.rules.values.get("ends", finish)
        for stop in body.get("stop") or []:
            if not body.get("use_beam_search"):
                text = text.partition(stop)[0]
        if "lora" in self.rules.values:
            text += f"\nanswered with {self.adapters.get(body['model'], 'no adapter')}"
        choice: dict[str, Any] = {
            "index": 0,
            "finish_reason": finish,
            "logprobs": logprobs(digest, text, body, is_chat),
        }
        choice |= {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
        usage: dict[str, Any] = {"prompt_tokens": len(prompt) // 4 + 1, "completion_tokens": len(text) // 4 + 1}
        self.tokens += usage["prompt_tokens"] + usage["completion_tokens"]
        if "plain" not in self.rules.values:
            usage["prompt_tokens_details"] = {"cached_tokens": len(prompt) // 8}
        whole = {"id": "x", "created": int(time.time()), "model": self.model, "choices": [choice], "usage": usage}
        if shape := self.rules.values.get("shape"):
            SHAPED[shape](whole, text)
        return answer(whole)


def logprobs(digest: bytes, text: str, body: dict[str, Any], is_chat: bool) -> dict[str, Any] | None:
    """One token's log-probabilities: of the ids asked for, else of the text's first letter and two others."""
    if not body.get("logprobs"):
        return None
    wanted = body.get("logprob_token_ids")
    names = [f"token_id:{token}" for token in wanted] if wanted else [text[:1], " C", "~"]
    found = {name: -0.1 - digest[4 + place % 28] / 32 for place, name in enumerate(names)}
    if is_chat:
        alternatives = [{"token": name, "logprob": value} for name, value in found.items()]
        return {"content": [{**alternatives[0], "top_logprobs": alternatives}]}
    return {"tokens": names[:1], "token_logprobs": [found[names[0]]], "top_logprobs": [found], "text_offset": [0]}


def text_of(prompt: str | list[int]) -> str:
    """The text of a prompt; of token ids as `Server.tokenize` makes them, without those around a chat."""
    return prompt if isinstance(prompt, str) else "".join(chr(token) for token in prompt if token > 2)


def leak(status: int, authorization: str) -> web.Response:
    """Quotes the key across the places where a client cuts such texts: 60 characters of text, 300 of a message."""
    key = authorization.removeprefix("Bearer ")
    if status == 200:
        return web.Response(text="x" * 50 + key)
    return error(status, "x" * 290 + key)


def answer(data: Any) -> web.Response:
    return web.Response(body=json.dumps(data).encode(), content_type="application/json")


def answer_not_found() -> web.Response:
    """FastAPI's answer to a path that it does not have."""
    return web.Response(status=404, body=b'{"detail":"Not Found"}', content_type="application/json")


def error(status: int, message: str, code: Any = None, param: str | None = None, headers: Any = None) -> web.Response:
    data = {"error": {"message": message, "type": "Error", "param": param, "code": code or status}}
    return web.Response(
        status=status, body=json.dumps(data).encode(), content_type="application/json", headers=headers or {}
    )


async def serve_forever(arguments: argparse.Namespace) -> None:
    server = Server(Rules.parse(arguments.rule), arguments.model)
    runner = web.ServerRunner(web.Server(server.handle, access_log=None))
    await runner.setup()
    if arguments.uds:
        await web.UnixSite(runner, arguments.uds).start()
        print(f"unix:{arguments.uds}", flush=True)
    else:
        site = web.TCPSite(runner, "127.0.0.1", arguments.port)
        await site.start()
        host, port = runner.addresses[0][:2]
        print(f"{os.getpid()} " * arguments.each_line + f"http://{host}:{port}/v1", flush=True)
    await asyncio.Event().wait()


def serve_each_line(arguments: argparse.Namespace) -> None:
    # One that ends early is not waited for: until the end its process id is nobody else's, and may be killed.
    children = []
    for line in sys.stdin:
        arguments.rule = line.strip()
        Rules.parse(arguments.rule)
        children.append(os.fork())
        if children[-1] == 0:
            sys.stdin.close()
            asyncio.run(serve_forever(arguments))
    for child in children:
        os.kill(child, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--uds")
    parser.add_argument("--rule", default="instant")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--each-line", action="store_true")
    arguments = parser.parse_args()
    if arguments.each_line:
        serve_each_line(arguments)
    else:
        asyncio.run(serve_forever(arguments))


if __name__ == "__main__":
    main()
