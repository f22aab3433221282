"""The registered model: which versions are candidate and champion, what is known of them, and moving the alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from judgelake.errors import RunError, UserError, did_you_mean
from judgelake.runtime import CANDIDATE, CHAMPION, accepted_by_mlflow, open_store, why_unusable

REMEDY = "Fix MLFLOW_TRACKING_URI, or MLFLOW_REGISTRY_URI if the registry has an address of its own."
accepted = partial(accepted_by_mlflow, "the request", REMEDY)
UNKNOWN = "RESOURCE_DOES_NOT_EXIST"
MOST_NAMED = 100
DECISION_TAG = "judgelake_promotion"
"""What became of a version, a `Verdict`."""
DATE_TAG = "judgelake_promotion_date"
PREVIOUS_TAG = "judgelake_promotion_previous"
"""On a version that became champion: who was champion before each of its promotions, the newest last; or `NONE`."""
NONE = "none"


class Verdict(StrEnum):
    """What a promotion has written on a version."""

    REFUSED = "refused"
    PASSED = "passed"
    """Every threshold is reached, and the alias is about to move."""
    PROMOTED = "promoted"
    UNDONE = "undone"
    """It was champion, and somebody has put the alias back."""
    RESTORED = "restored"
    """It is champion again, since what came after it is undone."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the registered model."""

    name: str
    number: str
    run_id: str | None = None
    """The MLflow run that made it."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """As `judge.model` names it."""
        return f"models:/{self.name}/{self.number}"

    @property
    def history(self) -> tuple[str, ...]:
        """Who was champion before each of its promotions that are not undone, the newest last; `NONE`: no version."""
        return tuple(self.tags.get(PREVIOUS_TAG, "").split())


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the aliases are: numbers of versions, None where there is none."""

    candidate: str | None
    champion: str | None


@dataclass(frozen=True, slots=True)
class Registry:
    """One registered model in MLflow."""

    mlflow: Any
    name: str

    @classmethod
    def opened(cls, name: str) -> Registry:
        """MLflow's registry, which responds.

        Raises:
            UserError: it does not.
        """
        mlflow = open_store(REMEDY)
        with accepted():
            address = mlflow.get_registry_uri()
            # MLflow itself retries for minutes without a message.
            problem = why_unusable(address)
        if problem is not None:
            raise UserError(f"MLflow's registry: {problem}. {REMEDY}")
        return cls(mlflow, name)

    def standing(self) -> Standing:
        """Where the aliases are now.

        Raises:
            UserError: there is no such model, or the registry does not respond.
        """
        with accepted():
            try:
                aliases = self._client.get_registered_model(self.name).aliases
            except self.mlflow.MlflowException as error:
                if error.error_code != UNKNOWN:
                    raise
                raise self._no_such_model() from error
        return Standing(*(str(aliases[one]) if one in aliases else None for one in (CANDIDATE, CHAMPION)))

    def version(self, number: str) -> Version:
        """A version with its tags.

        Raises:
            UserError: there is no such version any more, or the registry does not respond.
        """
        with accepted():
            try:
                found = self._client.get_model_version(self.name, number)
            except self.mlflow.MlflowException as error:
                if error.error_code != UNKNOWN:
                    raise
                raise UserError(f"{self.name!r} has no version {number} any more in MLflow's registry.") from error
        return Version(self.name, number, found.run_id or None, dict(found.tags))

    def tag(self, number: str, tags: Mapping[str, str]) -> None:
        """Write tags on a version.

        Raises:
            UserError: the registry does not accept them.
        """
        with accepted():
            for key, value in tags.items():
                self._client.set_model_version_tag(self.name, number, key, value)

    def untag(self, number: str, key: str) -> None:
        """Remove a tag from a version; raises as `tag`."""
        with accepted():
            self._client.delete_model_version_tag(self.name, number, key)

    @contextmanager
    def marked(self, version: Version, tags: Mapping[str, str]) -> Iterator[None]:
        """Context with tags on a version, for a move of the alias; if it is refused, they are as they were before.

        Args:
            version: as it was read before.
            tags: what it is marked with.

        Raises:
            UserError: the registry does not accept them.
        """
        try:
            self.tag(version.number, tags)
            yield
        except (RunError, UserError):
            for key in tags:
                with suppress(UserError):  # the registry that has just refused something
                    if key in version.tags:
                        self.tag(version.number, {key: version.tags[key]})
                    else:
                        self.untag(version.number, key)
            raise

    def check_standing(self, since: Standing, aliases: Sequence[str] = (CANDIDATE, CHAMPION)) -> None:
        """Check that aliases are still where they were.

        Args:
            since: where they were when it was decided.
            aliases: those that matter.

        Raises:
            RunError: one of them has moved meanwhile.
        """
        now = self.standing()
        if moved := _moved(since, now, aliases):
            raise RunError(
                f"The aliases of {self.name!r} have moved while this was decided ({moved}), so nothing is changed: run "
                "the same command again."
            )

    def move_champion(self, to: str | None, since: Standing, aliases: Sequence[str] = (CANDIDATE, CHAMPION)) -> None:
        """Put the alias on a version, or remove it, if the aliases are still where they were.

        MLflow cannot move it on a condition, so somebody else may still do so between the last look and the move, or
        right behind it. What comes behind it is seen by one more look.

        Args:
            to: the version; None: no version is champion any more.
            since: where the aliases were when it was decided.
            aliases: those that matter.

        Raises:
            RunError: one of them has moved meanwhile, and nothing is changed; or the alias is elsewhere right after it
                was moved.
            UserError: the registry does not accept it.
        """
        # Made before the last look, so that nothing but the call itself lies between it and the move.
        client = self._client
        self.check_standing(since, aliases)
        with accepted():
            if to is None:
                client.delete_registered_model_alias(self.name, CHAMPION)
            else:
                client.set_registered_model_alias(self.name, CHAMPION, to)
        try:
            now = self.standing().champion
        except UserError:
            return  # It has moved, whether or not it can be seen.
        if now != to:
            raise RunError(
                f"Somebody else has moved the alias {CHAMPION} of {self.name!r} at the same time: it was to be on "
                f"{_version(to)}, and is on {_version(now)}. Run the same command again if that is not what you want."
            )

    @property
    def _client(self) -> Any:
        return self.mlflow.MlflowClient()

    def _no_such_model(self) -> UserError:
        names = [one.name for one in self._client.search_registered_models(max_results=MOST_NAMED)]
        there = f"It has {', '.join(sorted(names))}." if names else "It has no model."
        return UserError(
            f"MLflow's registry has no model {self.name!r}.{did_you_mean(self.name, names)} {there} jobs/train.py "
            f"registers one (--set mlflow.register_as={self.name})."
        )


def history_with(version: Version, champion: str | None) -> str:
    """The tag `PREVIOUS_TAG` of a version that is promoted now, where `champion` is the one before it."""
    before = NONE if champion is None else champion
    # A promotion that has broken off before the alias moved is not one more.
    return " ".join(version.history if version.history[-1:] == (before,) else (*version.history, before))


def _moved(since: Standing, now: Standing, aliases: Sequence[str]) -> str:
    pairs = ((CANDIDATE, since.candidate, now.candidate), (CHAMPION, since.champion, now.champion))
    return ", ".join(
        f"{alias} from {_version(before)} to {_version(after)}"
        for alias, before, after in pairs
        if alias in aliases and before != after
    )


def _version(number: str | None) -> str:
    return "no version" if number is None else f"version {number}"
