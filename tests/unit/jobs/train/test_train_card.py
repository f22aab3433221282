"""What may be done with a trained judge: the strictest of the terms of its base and its examples, said in one line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from judgelake.jobs.train.base import licence_of
from judgelake.jobs.train.card import use_terms
from judgelake.jobs.train.examples import Selected


def selected(**licences: int) -> Selected:
    train = tuple(
        SimpleNamespace(licence=licence.replace("_", "-"), teacher="gpt-4")
        for licence, count in licences.items()
        for _ in range(count)
    )
    return Selected(train, (), "training_examples", 1, "")


@pytest.mark.parametrize(
    ("licence", "licences", "kind", "line"),
    [
        pytest.param("apache-2.0", {"MIT": 2}, "commercial", None, id="nothing forbidden"),
        pytest.param(
            "apache-2.0",
            {"MIT": 3, "CC_BY_NC": 2},
            "non_commercial",
            "NOT FOR COMMERCIAL USE: 2 of 5 training examples come under CC-BY-NC.",
            id="some examples",
        ),
        pytest.param(
            "cc-by-nc-4.0",
            {"": 1},
            "non_commercial",
            "NOT FOR COMMERCIAL USE: The base b comes under cc-by-nc-4.0. 1 of 1 training examples come under terms "
            "that nobody named.",
            id="the base, and examples without terms",
        ),
        pytest.param(
            None,
            {"": 1},
            "unknown",
            "The base b names no licence. 1 of 1 training examples come under terms that nobody named. Clear the terms "
            "before the judge is used.",
            id="not known",
        ),
        pytest.param(
            "my-terms",
            {"house_rules": 1},
            "unknown",
            "The base b comes under my-terms, of which is not known whether it allows commercial use. 1 of 1 training "
            "examples come under house-rules, of which is not known whether it allows commercial use. Clear the terms "
            "before the judge is used.",
            id="not recognised",
        ),
    ],
)
def test_the_strictest_terms_are_said(licence, licences, kind, line):
    found = use_terms(SimpleNamespace(model="b", licence=licence), selected(**licences))
    assert (found.kind, found.line) == (kind, line)


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n", "mit"),
        ("---\nlicense: other\nlicense_name: llama3\n---\n", "llama3"),
        ("---\nlicense: other\n---\n", "other"),
        ("---\nlicense: [mit, cc-by-nc-4.0]\n---\n", "mit AND cc-by-nc-4.0"),
        ("no head", None),
    ],
)
def test_a_base_comes_under_what_its_card_names(tmp_path: Path, card: str, licence: str | None):
    (tmp_path / "README.md").write_text(card, "utf-8")
    assert licence_of(tmp_path) == licence
