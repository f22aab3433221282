"""The card of a trained judge: what a reader must not miss is in it, and nothing of it acts on the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from judgelake.jobs.train.base import licence_of
from judgelake.report import Material, OwnTexts, TrainedJudge, ValidationFigures, training_card
from judgelake.training import terms_of_licence

JUDGE = TrainedJudge(
    judge="chat",
    mode="pair-logprobs",
    base="org/base",
    base_version="org/base@abc",
    base_licence="apache-2.0",
    registered_as="my-judge",
    is_servable=True,
    data="training_examples version 3",
    where=None,
    licences=[Material("CC-BY-4.0", 30)],
    teachers=[Material("people", 30)],
    recipe={"recipe.epochs": "3"},
    rows={"Rows trained on": 88},
    labels={"A": 44, "B": 44},
    left_out={"too_long": 2},
    validation=ValidationFigures(
        {"agreement": (0.75, 8), "coverage": (0.9, 20)}, comparisons=10, step=40, left_out={"no_label": 1}
    ),
    identity="ab" * 32,
)


def test_a_card_names_base_data_rows_and_figures_with_their_n():
    card = training_card(JUDGE)
    for fact in (
        "- Base: `org/base`",
        "- Licence of the base: `apache-2.0`",
        "- Examples: `training_examples version 3`",
        "| `CC-BY-4.0` | 30 |",
        "| `people` | 30 |",
        "| `too_long` | 2 |",
        "kept after step 40",
        "| 75.0\u202f% | 8 |",
        "| 90.0\u202f% | 20 |",
        "Not asked: 1 `no_label`.",
        "--set judge.name=chat --set judge.mode=pair-logprobs --set judge.model=models:/my-judge@champion",
    ):
        assert fact in card
    assert "These examples also chose the weights" in card
    assert "NOT FOR COMMERCIAL USE" not in card
    head = yaml.safe_load(card.split("---")[1])
    assert (head["license"], head["base_model"]) == ("apache-2.0", "org/base")


OWN = OwnTexts("judgments version 5", "f1", "m1", is_the_base=True, beta=0.1, counts={"agree with the label": 1200})


@pytest.mark.parametrize(
    ("own", "facts"),
    [
        (
            OWN,
            ["(DPO, arXiv 2305.18290) with beta `0.1`", "- By the judge: `f1`", "the base before this", "1,200 |"],
        ),
        (replace(OWN, beta=None, is_the_base=False), ["(rejection sampling)", "another model than the base"]),
    ],
)
def test_whose_judgments_it_learned_is_said(own, facts):
    card = training_card(replace(JUDGE, own=own))
    assert [fact for fact in ["- Judgments: `judgments version 5`", *facts] if fact not in card] == []
    assert "Judgments of its own" not in training_card(JUDGE)


def test_what_a_licence_forbids_comes_before_everything_else():
    card = training_card(replace(JUDGE, forbidden=("20 of 30 training examples come under CC-BY-NC-4.0.",)))
    body = card.split("---", 2)[2].strip().splitlines()
    assert body[2] == "> **NOT FOR COMMERCIAL USE.** 20 of 30 training examples come under CC-BY-NC-4.0."
    assert yaml.safe_load(card.split("---")[1])["license"] == "other"


def test_what_is_not_known_is_said():
    card = training_card(replace(JUDGE, unknown=("The base b names no licence.",), base_licence=None, validation=None))
    assert "**Terms not known.** The base b names no licence. Clear them" in card
    assert "- Licence of the base: not known" in card
    assert "None: the weights after the last step were kept" in card
    head = yaml.safe_load(card.split("---")[1])
    assert (head["license"], head["license_name"]) == ("other", "terms not known: see the card")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"registered_as": None}, "judge.model=FOLDER", id="not registered"),
        pytest.param({"is_servable": False}, "AutoModelForSequenceClassification", id="a head"),
        pytest.param({"judge": "my judge"}, "--set 'judge.name=my judge'", id="a name with a space"),
    ],
)
def test_how_it_is_served(changes, expected):
    assert expected in training_card(replace(JUDGE, **changes))


def test_names_from_tables_are_no_markup():
    card = training_card(replace(JUDGE, teachers=[Material("a | [b](http://c) `d`\n# e", 30)]))
    (line,) = (line for line in card.splitlines() if "http://c" in line)
    assert line == "| ``a \u00a6 [b](http://c) `d` # e`` | 30 |  |"


@pytest.mark.parametrize(
    ("reasons", "terms"),
    [
        ({"unknown": ("1 of 30 training examples come under terms that nobody named.",)}, "unknown"),
        ({"forbidden": ("The base b comes under mrl.",), "unknown": ("x",)}, "non_commercial"),
        ({}, "commercial"),
    ],
)
def test_a_judge_that_is_the_next_base_hands_on_the_terms_that_its_card_names(tmp_path: Path, reasons, terms):
    (tmp_path / "README.md").write_text(training_card(replace(JUDGE, base_licence="mit", **reasons)), "utf-8")
    assert terms_of_licence(licence_of(tmp_path)) == terms
