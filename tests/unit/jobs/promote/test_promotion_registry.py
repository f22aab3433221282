"""Moving the alias and taking it back, in a registry that others change too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from promotion_example import against, figures, promotion
from unity_catalog import check_tags

from judgelake.errors import RunError, UserError
from judgelake.jobs.promote import undo
from judgelake.jobs.promote.evidence import Evidence
from judgelake.jobs.promote.record import FIGURES_TAG, mark_identities, marks_of
from judgelake.jobs.promote.registry import DECISION_TAG, PREVIOUS_TAG, Registry, Standing, Version, history_with
from judgelake.jobs.promote.undoing import Undone


def unknown(what: str) -> MlflowException:
    return MlflowException(f"{what} not found", error_code=RESOURCE_DOES_NOT_EXIST)


class Store:
    """In place of MLflow: one model, "judge", with tags by version, and where its aliases are."""

    MlflowException = MlflowException

    def __init__(self, tags: dict[str, dict[str, str]], **aliases: str) -> None:
        self.tags, self.aliases = tags, aliases
        self.meanwhile: dict[str, str] = {}
        """Where somebody else puts an alias after the first look."""

    def MlflowClient(self) -> Any:  # noqa: N802  # MLflow's name
        return self

    def get_registered_model(self, name: str) -> Any:
        if name != "judge":
            raise unknown(name)
        found = SimpleNamespace(aliases=dict(self.aliases))
        self.aliases |= self.meanwhile
        return found

    def search_registered_models(self, max_results: int) -> list[Any]:
        return [SimpleNamespace(name="judge")]

    def get_model_version(self, name: str, number: str) -> Any:
        if number not in self.tags:
            raise unknown(number)
        return SimpleNamespace(run_id="", tags=dict(self.tags[number]))

    def set_model_version_tag(self, name: str, number: str, key: str, value: str) -> None:
        check_tags({key: value})
        self.tags[number][key] = str(value)

    def delete_model_version_tag(self, name: str, number: str, key: str) -> None:
        self.tags[number].pop(key, None)

    def set_registered_model_alias(self, name: str, alias: str, number: str) -> None:
        self.aliases[alias] = number

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        del self.aliases[alias]


@pytest.fixture
def opened(monkeypatch):
    def made(store: Store) -> Store:
        monkeypatch.setattr(Registry, "opened", lambda name: Registry(store, name))
        return store

    return made


def promoted(*previous: str | None) -> dict[str, dict[str, str]]:
    """Versions 1, 2, ..., each with the version that was champion before it."""
    return {str(at): {} if one is None else {PREVIOUS_TAG: one} for at, one in enumerate(previous, 1)}


def test_an_undo_goes_back_one_promotion_after_the_other(opened):
    store = opened(Store(promoted("none", "1", "2"), champion="3", candidate="3"))
    assert undo("judge") == Undone("3", "2")
    assert (store.aliases["champion"], store.tags["3"][DECISION_TAG]) == ("2", "undone")
    assert undo("judge") == Undone("2", "1")
    assert undo("judge") == Undone("1", None)
    assert store.aliases == {"candidate": "3"}
    assert not any(PREVIOUS_TAG in tags for tags in store.tags.values())
    with pytest.raises(UserError, match="No version of 'judge' has the alias champion, so there is nothing to undo"):
        undo("judge")


def test_an_undo_after_an_old_version_was_promoted_again_goes_the_whole_way_back(opened):
    store = opened(Store({"1": {PREVIOUS_TAG: "none"}, "2": {PREVIOUS_TAG: "1"}}, champion="2"))
    registry = Registry(store, "judge")
    again = history_with(registry.version("1"), "2")
    store.tags["1"] |= {PREVIOUS_TAG: again, DECISION_TAG: "promoted"}
    store.aliases["champion"] = "1"
    assert undo("judge") == Undone("1", "2")
    assert (store.tags["1"][DECISION_TAG], store.tags["2"][DECISION_TAG]) == ("undone", "restored")
    assert undo("judge") == Undone("2", "1")
    assert (store.aliases, store.tags["1"][DECISION_TAG]) == ({"champion": "1"}, "restored")
    assert undo("judge") == Undone("1", None)
    assert store.aliases == {}


@pytest.mark.parametrize(
    ("before", "champion", "after"),
    [
        pytest.param(None, None, "none", id="the first champion"),
        pytest.param(None, "1", "1", id="its first promotion"),
        pytest.param("none", "2", "none 2", id="promoted again"),
        pytest.param("none 2", "2", "none 2", id="the last one has broken off"),
    ],
)
def test_a_version_keeps_who_was_champion_before_each_of_its_promotions(before, champion, after):
    assert history_with(Version("judge", "3", tags={} if before is None else {PREVIOUS_TAG: before}), champion) == after


@pytest.mark.parametrize(
    "evidence", [against(), against((-0.06, -0.09, -0.03)), Evidence(figures())], ids=["better", "worse", "first"]
)
def test_what_is_written_on_a_version_is_what_unity_catalog_accepts(evidence):
    store = Store({"2": {}, "3": {PREVIOUS_TAG: " ".join(["2", "1"] * 20)}})
    found, registry = promotion(evidence), Registry(store, "judge")
    with registry.marked(found.candidate.version, marks_of(found, "f" * 32)):
        mark_identities(registry, found)
    assert store.tags["3"][DECISION_TAG] == ("passed" if found.is_promoted else "refused")
    figures = store.tags["3"][FIGURES_TAG]
    assert figures.endswith("rests on 400 questions")


def test_a_dry_undo_says_what_it_would_do_and_does_nothing(opened):
    store = opened(Store(promoted(None, "1"), champion="2"))
    assert undo("judge", dry_run=True) == Undone("2", "1")
    assert (store.aliases, store.tags) == ({"champion": "2"}, promoted(None, "1"))


@pytest.mark.parametrize(
    ("previous", "message"),
    [
        pytest.param([None, None], "version 2 of 'judge' did not become champion by jobs/promote.py", id="by hand"),
        pytest.param([None, "7"], "'judge' has no version 7 any more", id="its predecessor is deleted"),
    ],
)
def test_what_cannot_be_undone_is_said_and_left_as_it_is(opened, previous, message):
    store = opened(Store(promoted(*previous), champion="2"))
    with pytest.raises(UserError, match=message):
        undo("judge")
    assert (store.aliases, store.tags) == ({"champion": "2"}, promoted(*previous))


@pytest.mark.parametrize(
    ("meanwhile", "message"),
    [
        pytest.param({"champion": "3"}, "champion from version 1 to version 3", id="another champion"),
        pytest.param({"candidate": "3"}, "candidate from version 2 to version 3", id="another candidate"),
    ],
)
def test_an_alias_that_somebody_else_has_moved_is_not_moved_again(meanwhile, message):
    store = Store(promoted(None, None, None), champion="1", candidate="2")
    registry = Registry(store, "judge")
    store.meanwhile = meanwhile
    since = registry.standing()
    assert since == Standing("2", "1")
    with pytest.raises(RunError, match=rf"have moved while this was decided \({message}\), so nothing is changed"):
        registry.move_champion("2", since)
    assert store.aliases == {"champion": "1", "candidate": "2"} | meanwhile


@pytest.mark.parametrize("decision", [{}, {DECISION_TAG: "promoted"}], ids=["by hand", "promoted"])
def test_an_undo_at_the_same_time_as_a_promotion_leaves_everything_as_it_is(opened, decision):
    tags = promoted(None, "1", "2")
    tags["2"] |= decision
    store = opened(Store(tags, champion="2"))
    store.meanwhile = {"champion": "3"}
    with pytest.raises(RunError, match="champion from version 2 to version 3"):
        undo("judge")
    assert store.aliases == {"champion": "3"}
    assert store.tags["2"] == {PREVIOUS_TAG: "1"} | decision


@pytest.mark.parametrize(("to", "of"), [("2", "version 2"), (None, "no version")])
def test_an_alias_that_somebody_else_moves_right_behind_the_move_is_said_to_be_elsewhere(to, of):
    class Raced(Store):
        def set_registered_model_alias(self, name: str, alias: str, number: str) -> None:
            self.aliases[alias] = "3"

        def delete_registered_model_alias(self, name: str, alias: str) -> None:
            self.aliases[alias] = "3"

    store = Raced(promoted(None, None, None), candidate="2", champion="1")
    with pytest.raises(RunError, match=f"at the same time: it was to be on {of}, and is on version 3"):
        Registry(store, "judge").move_champion(to, Standing("2", "1"))


def test_an_undo_does_not_depend_on_the_candidate(opened):
    store = opened(Store(promoted(None, "1", "2"), champion="2", candidate="2"))
    store.meanwhile = {"candidate": "3"}
    assert undo("judge") == Undone("2", "1")
    assert store.aliases == {"champion": "1", "candidate": "3"}


def test_what_is_marked_for_a_move_that_fails_is_as_it_was():
    store = Store({"1": {DECISION_TAG: "refused", "other": "stays"}}, champion="1")
    registry = Registry(store, "judge")
    marked = registry.marked(registry.version("1"), {DECISION_TAG: "passed", PREVIOUS_TAG: "none"})
    with pytest.raises(RunError, match="champion from version 2 to version 1"), marked:
        registry.move_champion("1", Standing(None, "2"))
    assert store.tags == {"1": {DECISION_TAG: "refused", "other": "stays"}}


def test_a_model_that_is_not_there_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"no model 'jugde'\. Did you mean 'judge'\? It has judge\. jobs/train"):
        Registry(Store({}), "jugde").standing()
    assert Registry(Store({}), "judge").standing() == Standing(None, None)


def test_a_registry_that_does_not_respond_is_named_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"MLflow: http://127\.0\.0\.1:9 does not answer .*Fix MLFLOW_TRACKING_URI, or"):
        Registry.opened("judge")
