"""Every layout of seeds: what becomes of its rows, and why a row becomes none."""

import pytest

from judgelake.errors import UserError
from judgelake.generation import SEED_FORMATS, Seed, SeedColumns, SeedReader, seed_format_named


def read(layout, row, columns=None, **settings):
    return SeedReader(seed_format_named(layout, columns), **settings).seed(row)


def turn(who, text):
    return {"from": who, "value": text}


def parts(seed):
    assert isinstance(seed, Seed), seed
    return [(message.role, message.content) for message in seed.messages], seed.input, seed.reference


@pytest.mark.parametrize(
    ("layout", "row", "expected"),
    [
        pytest.param(
            "alpaca",
            {"instruction": "Sum up.", "input": "A text.", "output": "A sum."},
            ([("user", "Sum up.")], "A text.", "A sum."),
            id="alpaca",
        ),
        pytest.param(
            "alpaca", {"instruction": "Go.", "input": "", "output": ""}, ([("user", "Go.")], None, None), id="empty"
        ),
        pytest.param(
            "dolly",
            {"instruction": "Who?", "context": "Ann did.", "response": "Ann", "category": "closed_qa"},
            ([("user", "Who?")], "Ann did.", "Ann"),
            id="dolly",
        ),
        pytest.param(
            "sharegpt",
            {"conversations": [turn("human", "Hi"), turn("gpt", "Hello"), turn("human", "Why?"), turn("gpt", "So.")]},
            ([("user", "Hi"), ("assistant", "Hello"), ("user", "Why?")], None, "So."),
            id="up to the last user turn, whose reply is the reference",
        ),
        pytest.param(
            "sharegpt",
            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]},
            ([("system", "Be brief."), ("user", "Hi")], None, None),
            id="without a reply to it",
        ),
        pytest.param(
            "judgelake",
            {"messages": [{"role": "user", "content": "Q"}], "answers": [{"text": "a"}], "reference": "r"},
            ([("user", "Q")], None, "r"),
            id="a comparison without its answers",
        ),
    ],
)
def test_a_row_of_each_layout_becomes_its_seed(layout, row, expected):
    assert parts(read(layout, row)) == expected


@pytest.mark.parametrize(
    ("layout", "row", "reason"),
    [
        pytest.param("alpaca", {"input": "x"}, "instruction: missing", id="no instruction"),
        pytest.param("alpaca", {"instruction": " "}, "instruction: the question is empty", id="a blank one"),
        pytest.param("dolly", {"instruction": "Who?", "context": 3}, "context: int '3', expected text", id="a number"),
        pytest.param("sharegpt", {"id": "x"}, "conversations or conversation or messages: missing", id="no turns"),
        pytest.param(
            "sharegpt",
            {"conversations": [turn("gpt", "Then"), turn("human", "Go on")]},
            "conversations: it begins with a reply, to a question that is not there",
            id="a piece of a conversation",
        ),
        pytest.param(
            "sharegpt",
            {"messages": [{"role": "system", "content": "s"}]},
            "messages: it has no turn of the user",
            id="s",
        ),
        pytest.param("table", {"prompt": "Q"}, "question: missing", id="another column"),
        pytest.param("judgelake", {"answers": []}, "messages: missing", id="no question"),
    ],
)
def test_a_row_that_is_no_seed_says_why(layout, row, reason):
    assert read(layout, row) == reason


def test_a_table_is_read_by_its_columns():
    columns = SeedColumns(question="prompt", reference="gold", category="topic", attributes={"level": "grade"})
    seed = read("table", {"prompt": "Q", "gold": "r", "topic": "maths", "grade": 3, "other": "x"}, columns)
    assert (seed.reference, seed.category, seed.attributes) == ("r", "maths", {"level": "3"})
    talk = [turn("human", "Q"), turn("gpt", "a")]
    assert parts(read("table", {"prompt": talk}, SeedColumns(question="prompt"))) == ([("user", "Q")], None, None)


def test_the_id_is_that_of_the_question_alone_and_what_the_row_does_not_say_the_config_says():
    row = {"instruction": "Q", "output": "r", "category": "ignored"}
    one = read("alpaca", row, source="mine", licence="mit", language="en", category="chat")
    other = read("alpaca", {"instruction": "Q"}, has_references=False)
    assert one.seed_id == other.seed_id
    assert (one.source, one.licence, one.language, one.category) == ("mine", "mit", "en", "chat")
    assert (other.source, other.licence, other.reference) == ("alpaca", None, None)
    assert read("alpaca", row, has_references=False).reference is None


def test_a_question_beyond_the_bounds_is_rejected_with_its_length():
    row = {"instruction": "12345", "input": "67890"}
    assert read("alpaca", row, least_characters=11) == "too short: 10 characters, expected at least 11"
    assert read("alpaca", row, most_characters=9) == "too long: 10 characters, expected at most 9"
    assert isinstance(read("alpaca", row, least_characters=10, most_characters=10), Seed)


def test_an_unknown_layout_is_refused_with_the_nearest():
    with pytest.raises(UserError, match=r"There is no layout of seeds 'alpac'\. Did you mean 'alpaca'\?"):
        seed_format_named("alpac")
    assert {seed_format_named(name).name for name in SEED_FORMATS} == set(SEED_FORMATS)
