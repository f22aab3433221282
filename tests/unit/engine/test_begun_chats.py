"""A chat whose last message is the beginning of the answer: the request, its labels' tokens, and who takes it."""

from __future__ import annotations

import asyncio

import pytest

from judgelake.comparisons.comparison import Message
from judgelake.engine import Ask
from judgelake.engine.client.body import only_vllm_takes, request_body
from judgelake.engine.client.label_tokens import label_key, label_token_ids
from judgelake.jobs.judge.length import counter_with
from judgelake.judges import Decoding, Prompt

QUESTION = Message("user", "Which?")


def chat(*messages: Message, labels: tuple[str, ...] | None = None) -> Ask:
    return Ask(Prompt(messages=messages), Decoding(max_tokens=1), labels=labels)


BEGUN = chat(QUESTION, Message("assistant", "Verdict: "), labels=("A", "B"))


@pytest.mark.parametrize(
    ("ask", "fields"),
    [
        pytest.param(BEGUN, {"add_generation_prompt": False, "continue_final_message": True}, id="begun"),
        pytest.param(chat(QUESTION), {}, id="not begun"),
        pytest.param(chat(Message("user", "x"), Message("assistant", "y"), QUESTION), {}, id="an earlier answer"),
        pytest.param(Ask(Prompt(text="p"), Decoding()), {}, id="a completion"),
    ],
)
def test_only_a_begun_answer_is_continued_and_only_vllm_takes_it(ask, fields):
    body = request_body(ask, "m")
    own = {name: body[name] for name in ("add_generation_prompt", "continue_final_message") if name in body}
    assert own == fields
    assert ("continues" in (only_vllm_takes(ask) or "")) == bool(fields)


def test_the_tokens_of_labels_are_those_after_the_beginning():
    bodies = []

    async def tokenize(body):
        bodies.append(body)
        return [ord(letter) for message in body["messages"] for letter in message["content"]]

    assert asyncio.run(label_token_ids(BEGUN, tokenize)) == {"A": ord("A"), "B": ord("B")}
    assert [body["messages"][-1]["content"] for body in bodies] == ["Verdict: ", "Verdict: A", "Verdict: B"]
    assert all(body["continue_final_message"] and not body["add_generation_prompt"] for body in bodies)
    assert [message["role"] for message in bodies[0]["messages"]] == ["user", "assistant"]


def test_labels_after_another_beginning_are_looked_up_again():
    other = chat(QUESTION, Message("assistant", "Verdict:"), labels=("A", "B"))
    assert label_key(other) != label_key(BEGUN)
    assert label_key(chat(Message("user", "Other?"), Message("assistant", "Verdict: "), labels=("A", "B"))) == (
        label_key(BEGUN)
    )


def test_the_tokens_of_a_begun_answer_are_counted_as_the_server_renders_it():
    seen = []

    class Tokenizer:
        def apply_chat_template(self, messages, **options):
            seen.append(options)
            return {"input_ids": [1, 2]}

    count = counter_with(Tokenizer(), "org/model", None)
    count(BEGUN.prompt)
    count(chat(QUESTION).prompt)
    begun = {"chat_template": None, "add_generation_prompt": False, "return_dict": True, "continue_final_message": True}
    assert seen == [begun, {"chat_template": None, "add_generation_prompt": True, "return_dict": True}]
