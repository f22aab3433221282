"""When a task, or the run, gives up: if its first requests all fail alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from judgelake.asking.progress import SAY_NOTHING_OF_THE_SET_UP
from judgelake.comparisons import Failure, Status
from judgelake.errors import RunError


class FirstOutcomes:
    """Stops a task whose first requests all fail with one status: a misconfiguration must not waste a night.

    One difficult question may fill a whole task, so the outcomes of all tasks decide if they are known. A task that
    ends before so many stops if no request of the run got through, so that a short run stores none either.
    """

    def __init__(self, most: int | None, of_all_tasks: Callable[[int], bool | None] = lambda _: None) -> None:
        """Watch for `most` failures; None means no limit.

        Args:
            most: failures of one kind that stop the task.
            of_all_tasks: returns whether the first outcomes of all tasks are at least so many failures of one kind,
                or all of the run and failed calls or too long; None if that is not known.
        """
        self._most = most
        self._of_all_tasks = of_all_tasks
        self._failures: list[Failure] = []
        self._excused: list[Failure] = []

    def look_at(self, results: Iterable[Any | Failure]) -> None:
        """Count results as they arrive.

        Raises:
            RunError: that many failed, all with one status and without any verdict.
        """
        for result in results:
            if self._most is None:
                return
            if isinstance(result, Failure) and result.status in SAY_NOTHING_OF_THE_SET_UP:
                self._excused.append(result)
                continue
            if not isinstance(result, Failure) or (self._failures and result.status is not self._failures[0].status):
                self._most = None
                return
            self._failures.append(result)
            if len(self._failures) < self._most:
                continue
            if self._of_all_tasks(self._most) is False:
                self._most = None
            else:
                raise all_fail_alike(len(self._failures), result.status.value, result.reason)

    def end(self) -> None:
        """The task has no more requests.

        Raises:
            RunError: all of its requests failed with one status, and those of all other tasks too.
        """
        alike = self._failures or self._excused
        if self._most is not None and alike and self._of_all_tasks(self._most):
            raise all_fail_alike(len(alike), alike[-1].status.value, alike[-1].reason)


ADVICE = {
    Status.CONTEXT_OVERFLOW: "Serve the model with a longer context, or set overflow: trim, and run again",
    **dict.fromkeys(
        (Status.ENGINE_ERROR, Status.TIMEOUT),
        "Fix the server, or what engine and decoding ask of it, and run again: all are asked again",
    ),
}


def all_fail_alike(count: int, status: str, reason: str | None) -> RunError:
    """The error of a run whose first requests all failed alike, with what to do about it."""
    because = "" if reason is None else f", the last because: {reason}"
    prompts = "Look at the judge's prompts with `judgelake prompts`, or raise asking.give_up_after"
    advice = ADVICE.get(Status(status), prompts)
    return RunError(
        f"The first {count:,} requests all ended in {status}{because}. Nothing of this chunk was written. {advice}."
    )
