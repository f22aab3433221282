"""A model that answers: its prompt, what identifies it, and what its replies become."""

import pyarrow as pa
import pytest

from judgelake.comparisons import Failure, Message, Status
from judgelake.config import validated
from judgelake.engine import Reply
from judgelake.errors import UserError
from judgelake.generation import Seed, seed_from_record
from judgelake.jobs.generate import GenerateJob
from judgelake.jobs.generate.answerer import in_terms_of, resolve_answerer
from judgelake.jobs.generate.answering import Answering
from judgelake.jobs.generate.requests import REQUEST, AnswerRequests
from judgelake.lake import GENERATED_ANSWER, as_batch

URL = "http://models.example/v1"


def answerer(place=0, **changes):
    content = {"name": "m", "model": "x", "engine": {"url": URL}, **changes}
    job = validated(GenerateJob, {"models": [content]}, None)
    return resolve_answerer(job.models[0], place)


def seed(*messages, given=None):
    turns = [{"role": role, "content": content} for role, content in messages]
    return seed_from_record({"messages": turns, "input": given})


def record(one: Seed):
    return {
        "seed_id": one.seed_id,
        "messages": [{"role": m.role, "content": m.content} for m in one.messages],
        "input": one.input,
    }


def materials(prompt):
    return prompt.material_texts()


def test_a_chat_is_the_conversation_with_its_input_and_one_system_message():
    asked = seed(("system", "Own."), ("user", "Q"), ("assistant", "a"), ("user", "R"), given="text")
    prompt = answerer(system="Ours.").prompt(asked)
    assert prompt.messages == (
        Message("system", "Ours.\n\nOwn."),
        Message("user", "Q\n\ntext"),
        Message("assistant", "a"),
        Message("user", "R"),
    )
    # What the config says is no material: a seed cannot act as a system prompt, nor the config as a question.
    assert materials(prompt) == ["Own.", "Q\n\ntext", "a", "R"]
    assert materials(answerer(system="Ours.").prompt(seed(("user", "Q")))) == ["Q"]
    assert [m.role for m in answerer().prompt(seed(("user", "Q"))).messages] == ["user"]


def test_a_template_makes_the_whole_prompt_of_a_model_without_chats():
    one = answerer(template="{{ system }}\nQ: {{ question }}{% if input %} ({{ input }}){% endif %}\nA:", system="S")
    prompt = one.prompt(seed(("user", "what?"), given="this"))
    assert prompt.text == "S\nQ: what? (this)\nA:"
    assert not one.is_asked_in_chats
    refused = one.prompt(seed(("user", "Q"), ("assistant", "a"), ("user", "R")))
    assert refused.status is Status.INVALID_INPUT
    assert refused.reason == "the template of 'm' takes one user message, not a conversation"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"template": "{{ prompt }}"}, r"^models\.2\.template \('m'\) cannot be used", id="template"),
        pytest.param(
            {"engine": {"options": {"model": "y"}}}, r"set models\.2\.model", id="an option that names the model"
        ),
        pytest.param({"model": "./no", "engine": {}}, r"not a folder .* Set models\.2\.model to", id="no folder"),
        pytest.param(
            {"adapter": "y"}, r"^models\.2\.adapter \('y'\) is for servers .* at models\.2\.engine\.url", id="u"
        ),
    ],
)
def test_a_mistake_names_the_key_of_the_model_that_it_is_about(changes, message):
    with pytest.raises(UserError, match=message):
        answerer(2, **changes)


def test_only_keys_are_renamed_in_a_message_and_not_the_names_of_files():
    said = "Set models.1.model, or engine.options; see /tmp/engine.log and models.1.engine.folder."
    assert in_terms_of(1, said) == (
        "Set models.1.model, or models.1.engine.options; see /tmp/engine.log and models.1.engine.folder."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            {"models": [{"name": "a", "model": "x", "samples": 2}]}, r"at temperature 0 all are the same", id="s"
        ),
        pytest.param({"models": [{"name": "a", "model": "x"}] * 2}, r"'a' is the name of two of them", id="names"),
        pytest.param({"comparisons": {"how": "baseline"}}, r"baseline names a model where", id="no baseline"),
        pytest.param(
            {"models": [{"name": "a", "model": "x"}], "comparisons": {"how": "baseline", "baseline": "b"}},
            r"comparisons\.baseline is 'b', which none of the models is called: a",
            id="another baseline",
        ),
        pytest.param(
            {"models": [{"name": str(n), "model": "x"} for n in range(27)], "comparisons": {"how": "together"}},
            r"together takes at most 26 models, and there are 27",
            id="more answers than letters",
        ),
        pytest.param({"seeds": {"sources": [{"format": "alpaca"}]}}, r"name either files or a table", id="no source"),
        pytest.param({"examples": {"teachers": [{"name": "t"}]}}, r"give either judged", id="teacher"),
    ],
)
def test_a_contradiction_in_the_config_is_refused(content, message):
    with pytest.raises(UserError, match=message):
        validated(GenerateJob, content, None)


def test_whatever_can_change_an_answer_is_part_of_the_fingerprint_and_the_name_is_not():
    prints = {
        answerer(**changes).fingerprint
        for changes in (
            {},
            {"system": "s"},
            {"template": "{{ question }}"},
            {"decoding": {"temperature": 0.5}},
            {"model": "y"},
            {"context_length": 1024},
            {"engine": {"url": URL, "body": {"top_k": 3}}},
        )
    }
    assert len(prints) == 7
    assert answerer(name="other").fingerprint == answerer().fingerprint


def test_requests_are_named_by_data_alone_one_for_each_sample():
    requests = AnswerRequests(answerer(decoding={"temperature": 1.0}, samples=2), 2)
    row = record(seed(("user", "Q"), given="i"))
    named = requests.named(row)
    assert [one.prompt_bytes for one in named.requests] == [4, 4]
    names = [one.request_id for one in named.requests]
    assert len(set(names)) == 2
    (second,) = requests.requests(row, {1: 3})
    assert (second["sample"], second["repeat"], second["attempt"], second["status"]) == (1, 1, 3, None)
    as_batch([{**second, "prompt": second["prompt"].stored, "question_key": 1, "row_hash": 2}], REQUEST)


def test_a_row_that_is_no_question_has_its_result_without_being_asked():
    one = answerer()
    requests = AnswerRequests(one, 1)
    row = {"seed_id": "s", "messages": [{"role": "user", "content": " "}], "input": None}
    (named,) = requests.named(row).requests
    assert named.prompt_bytes is None
    (asked,) = requests.requests(row, {0: 1})
    known = Answering(one).known({**asked, "row_hash": 1})
    assert (known["status"], known["error"]) == ("invalid_input", "messages[0].content: the question is empty")
    shared = {**Answering(one).of_the_run("r"), "chunk": 0, "engine": None}
    assert as_batch([known], GENERATED_ANSWER, shared).num_rows == 1


def reply(text, finish_reason="stop", thinking=""):
    return Reply(text, finish_reason, 1, None, 1, None, 1.0, thinking)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(reply(" It is. \n"), "It is.", id="an answer"),
        pytest.param(reply("<think>hm</think>\nIt is."), "It is.", id="thinking is no part of it"),
        pytest.param(reply("<think>hm"), Status.TRUNCATED, id="nothing but thinking"),
        pytest.param(reply("It i", "length"), Status.TRUNCATED, id="cut off"),
        pytest.param(reply(" "), Status.UNPARSEABLE, id="nothing"),
        pytest.param(Failure(Status.TIMEOUT, "slow"), Status.TIMEOUT, id="a failed call"),
    ],
)
def test_a_reply_is_an_answer_or_a_typed_failure(given, expected):
    result = Answering(answerer()).read({}, given)
    assert (result.status if isinstance(result, Failure) else result) == expected


def test_a_result_has_every_column_and_keeps_the_beginning_of_what_was_cut_off():
    one = answerer()
    requests = AnswerRequests(one, 1)
    (asked_row,) = requests.requests(record(seed(("user", "Q"))), {0: 1})
    answering = Answering(one)
    asked, ask = answering.asked(({**asked_row, "row_hash": 7},), None)
    assert (ask.prompt.messages[-1].content, ask.ids) == ("Q", None)
    cut = reply("It i", "length")
    (result,) = answering.results(asked, cut, answering.read({}, cut))
    assert (result["answer"], result["status"], result["row_hash"]) == ("It i", "truncated", 7)
    shared = {**answering.of_the_run("r"), "chunk": 0, "engine": "e"}
    assert isinstance(as_batch([result], GENERATED_ANSWER, shared), pa.RecordBatch)
