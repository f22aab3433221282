"""From answers to comparisons: what is left out has its reason, and everything is counted once."""

import json
from dataclasses import replace

from judgelake.comparisons import Comparison
from judgelake.generation import Comparing, Given, LeftOut, Pairing, seed_from_record

SEED = seed_from_record(
    {
        "messages": [{"role": "user", "content": "What is tin?"}],
        "reference": "A metal.",
        "category": "chemistry",
        "source": "mine",
        "attributes": {"level": "1"},
    }
)


def ok(model, text, sample=0):
    return Given(model, sample, "ok", text)


def compared(*given, how="all", seed=SEED, **settings):
    pairing = Pairing(how, **{key: settings.pop(key) for key in ("baseline",) if key in settings})
    return list(Comparing(pairing, **settings).comparisons(seed, given))


def reasons(made):
    return [one.reason for one in made if isinstance(one, LeftOut)]


def test_a_comparison_has_the_question_of_its_seed_and_an_id_of_its_content():
    (made,) = compared(ok("a", "A metal."), ok("b", "A tin."))
    (again,) = compared(ok("b", "A tin."), ok("a", "A metal."))
    assert isinstance(made, Comparison)
    assert made == again
    assert (made.question_id, made.reference, made.source) == (SEED.seed_id, "A metal.", "mine")
    assert made.attributes == {"level": "1", "category": "chemistry"}
    assert {(one.model, one.text) for one in made.answers} == {("a", "A metal."), ("b", "A tin.")}
    (other,) = compared(ok("a", "A metal."), ok("b", "Another."))
    assert other.comparison_id != made.comparison_id


def test_an_answer_that_failed_is_left_out_with_its_reason_and_the_others_are_compared():
    made = compared(ok("a", "x"), ok("b", "y"), Given("c", 0, "timeout", None, "no answer in 20 s"))
    assert reasons(made) == ["answer of c: timeout: no answer in 20 s"]
    assert len(made) == 2


def test_a_truncated_answer_is_none_although_its_beginning_is_kept():
    made = compared(ok("a", "x"), Given("b", 0, "truncated", "It beg", "the answer was cut off at max_tokens"))
    assert reasons(made) == [
        "answer of b: truncated: the answer was cut off at max_tokens",
        "only a has a usable answer, so there is nothing to compare",
    ]
    assert json.loads(made[0].raw)["answers"][0]["answer"] == "It beg"


def test_a_question_without_any_answer_and_one_without_that_of_the_baseline_say_so():
    failed = Given("a", 0, "refused", None, "no")
    assert reasons(compared(failed))[1:] == ["no model has a usable answer, so there is nothing to compare"]
    made = compared(ok("b", "x"), ok("c", "y"), failed, how="baseline", baseline="a")
    assert reasons(made)[1:] == ["the baseline a has no usable answer"]


def test_identical_answers_are_not_compared_and_too_long_ones_are_not_used():
    assert reasons(compared(ok("a", "same"), ok("b", "same"))) == ["identical answers: those of a and b"]
    made = compared(ok("a", "12345"), ok("b", "1234"), ok("c", "123"), most_characters=4)
    assert reasons(made) == ["answer of a: too long: 5 characters, expected at most 4"]
    assert len(made) == 2


def test_a_refusal_is_left_out_with_its_words_unless_refusals_are_wanted():
    given = (ok("a", "x"), ok("b", "y"), ok("c", "I'm sorry, but I can't assist with that."))
    made = compared(*given, has_refusals=False)
    assert reasons(made) == ["answer of c: refusal: it begins with \"I'm sorry, but I can't assist with that\""]
    assert (len(made), len(compared(*given, has_refusals=True))) == (2, 3)


def test_samples_of_a_model_that_say_the_same_are_one_answer():
    made = compared(ok("a", "x"), ok("a", "x", 1), ok("a", "z", 2), ok("b", "y"))
    assert reasons(made) == ["answer of a: repeats its sample 0"]
    assert len([one for one in made if isinstance(one, Comparison)]) == 2


def test_the_answer_of_a_named_model_is_the_reference_where_there_is_none_and_is_not_compared():
    given = (ok("a", "x"), ok("b", "y"), ok("best", "A soft metal."))
    bare = replace(SEED, reference=None)
    (made,) = compared(*given, seed=bare, reference_model="best")
    assert made.reference == "A soft metal."
    assert {one.model for one in made.answers} == {"a", "b"}
    (own,) = compared(*given, reference_model="best")
    assert own.reference == "A metal."
    failed = (*given[:2], Given("best", 0, "timeout", None, "slow"))
    (without,) = compared(*failed, seed=bare, reference_model="best")
    assert without.reference is None
