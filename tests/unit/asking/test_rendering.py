"""How the rows of a plan become requests inside the task that asks them."""

import json
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.asking.rendering import requests_by_prompt
from judgelake.judges import Prompt


class Requested:
    """Makes the requests of a row that holds their prompts by name."""

    def __init__(self):
        self.rendered = 0

    def requests(self, record, attempts):
        self.rendered += 1
        for place, attempt in attempts.items():
            name = list(record)[place]
            prompt = None if record[name] is None else Prompt(text=record[name])
            yield {"key": name, "attempt": attempt, "repeat": 0, "prompt": prompt}


def planned(question, prompts, part=""):
    requests = [{"request_id": name, "place": place, "attempt": 1} for place, name in enumerate(prompts)]
    return {"question_key": question, "row_hash": 0, "part": part, "source": json.dumps(prompts), "requests": requests}


def test_requests_of_a_question_are_sorted_by_prompt_over_all_its_rows():
    rows = [planned(1, {"a": "q x", "b": "q z"}), planned(1, {"c": "q y", "d": None}), planned(2, {"e": "a"})]
    made = list(requests_by_prompt(Requested(), rows, "key"))
    assert [one["key"] for one in made] == ["d", "a", "c", "b", "e"]
    assert [one["question_key"] for one in made] == [1, 1, 1, 1, 2]


def test_a_question_is_rendered_when_it_is_its_turn_and_not_before():
    requester = Requested()
    made = requests_by_prompt(requester, (planned(n, {f"r{n}": "p"}) for n in range(1000)), "key")
    next(made)
    assert requester.rendered == 1


def test_the_parts_of_a_question_that_is_cut_stay_in_their_order():
    rows = [planned(1, {"a": "z"}, "1"), planned(1, {"b": "z"}, "1"), planned(1, {"c": "a"}, "2")]
    assert [one["key"] for one in requests_by_prompt(Requested(), rows, "key")] == ["a", "b", "c"]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["p", "q", "r"]), min_size=1, max_size=3), max_size=6))
def test_equal_prompts_of_a_question_are_neighbours_whatever_the_rows(rows):
    plan = [planned(1, {f"{n}-{m}": text for m, text in enumerate(texts)}) for n, texts in enumerate(rows)]
    prompts = [one["prompt"].text for one in requests_by_prompt(Requested(), plan, "key")]
    assert len([key for key, _ in groupby(prompts)]) == len(set(prompts))
    assert sorted(prompts) == sorted(text for texts in rows for text in texts)
