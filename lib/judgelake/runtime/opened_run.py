"""A job's run in MLflow, from its start to its end, that leaves a notebook's own experiment and run as they were."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import Any

from judgelake.config import Mlflow
from judgelake.errors import UserError
from judgelake.runtime.tracking import REMEDY, open_experiment, shown_error, tracking_errors

# Where MLflow stores the experiment of the process.
EXPERIMENT_VARIABLE = "MLFLOW_EXPERIMENT_ID"
EXPERIMENT_MODULE, EXPERIMENT_ATTRIBUTE = "mlflow.tracking.fluent", "_active_experiment_id"


@contextmanager
def tracked_run(
    settings: Mlflow,
    name: str,
    describe: Callable[[Any], None] = lambda mlflow: None,
    wait_until_warm: Callable[[], None] = lambda: None,
    *,
    continued: str | None = None,
    advice: str = REMEDY,
) -> Iterator[str | None]:
    """Context in which an MLflow run is open; gives its id, None where MLflow is switched off.

    A run within another, of a notebook or of another job, is its child.

    Args:
        settings: whether it is enabled, and the experiment.
        name: of a new run.
        describe: logs, through the module that it is given, what is known of a new run at its start.
        wait_until_warm: of `warm_up`.
        continued: the id of an earlier run that goes on, in place of a new one.
        advice: what to do if MLflow does not accept the run, in sentences.

    Raises:
        UserError: MLflow does not accept the run.
    """
    if not settings.enabled:
        yield None
        return
    with ExitStack() as stack:
        try:
            wait_until_warm()
            stack.enter_context(_experiment_put_back())
            mlflow = open_experiment(settings)
            chosen = {"run_name": name} if continued is None else {"run_id": continued}
            run = mlflow.start_run(**chosen, nested=True)
            stack.push(partial(_end, run))
            if continued is None:
                describe(mlflow)
        except UserError:
            raise
        except Exception as error:  # any error of its store, also that the store's driver is not installed
            raise UserError(f"MLflow does not accept the run: {shown_error(error)}. {advice}") from error
        yield run.info.run_id


def _end(run: Any, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
    """End the MLflow run with the job's outcome; a store that is no longer available then does not fail the job."""
    try:
        run.__exit__(kind, error, trace)
    except tracking_errors() as gone:
        logging.getLogger(__name__).warning(
            "could not report the end of run %s to MLflow: %s", run.info.run_id, shown_error(gone)
        )


@contextmanager
def _experiment_put_back() -> Iterator[None]:
    """Restore a notebook's own experiment at the end: `open_experiment` sets the job's for the whole process."""
    # MLflow has no public way to get the experiment without creating one, nor to unset it. Not imported here: that
    # takes seconds, and an address that does not answer is reported before.
    variable = os.environ.get(EXPERIMENT_VARIABLE)
    chosen = getattr(sys.modules.get(EXPERIMENT_MODULE), EXPERIMENT_ATTRIBUTE, None)
    try:
        yield
    finally:
        if EXPERIMENT_MODULE in sys.modules:
            setattr(sys.modules[EXPERIMENT_MODULE], EXPERIMENT_ATTRIBUTE, chosen)
        if variable is None:
            os.environ.pop(EXPERIMENT_VARIABLE, None)
        else:
            os.environ[EXPERIMENT_VARIABLE] = variable
