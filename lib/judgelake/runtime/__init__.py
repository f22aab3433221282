"""The start and end of a command: arguments, the Spark session, MLflow's store, exit codes."""

from judgelake.errors import without_password
from judgelake.runtime.command import (
    DEBUG,
    CommandParser,
    add_job_arguments,
    cause_of,
    config_path,
    exit_code_of,
    sql_state,
)
from judgelake.runtime.lent import in_job_settings, job_settings
from judgelake.runtime.limits import driver_host, freed, is_connect, kept_in_memory, setting
from judgelake.runtime.opened_run import tracked_run
from judgelake.runtime.registry import BASE_TAG, CANDIDATE, CHAMPION, JUDGE_TAG, MODE_TAG, MOST_CHARACTERS, TRAINING
from judgelake.runtime.session import check_java, get_spark, stop_spark
from judgelake.runtime.settings import ONE_COMMAND, SMALL_BYTES
from judgelake.runtime.sigterm import sigterm_as_interrupt
from judgelake.runtime.threads import cancel_jobs, submitted, tag_jobs
from judgelake.runtime.tracking import (
    REMEDY,
    accepted_by_mlflow,
    flat,
    open_store,
    shown_error,
    table_dataset,
    tracking_address,
    tracking_errors,
    warm_up,
    why_unusable,
)

__all__ = [
    "BASE_TAG",
    "CANDIDATE",
    "CHAMPION",
    "DEBUG",
    "JUDGE_TAG",
    "MODE_TAG",
    "MOST_CHARACTERS",
    "ONE_COMMAND",
    "REMEDY",
    "SMALL_BYTES",
    "TRAINING",
    "CommandParser",
    "accepted_by_mlflow",
    "add_job_arguments",
    "cancel_jobs",
    "cause_of",
    "check_java",
    "config_path",
    "driver_host",
    "exit_code_of",
    "flat",
    "freed",
    "get_spark",
    "in_job_settings",
    "is_connect",
    "job_settings",
    "kept_in_memory",
    "open_store",
    "setting",
    "shown_error",
    "sigterm_as_interrupt",
    "sql_state",
    "stop_spark",
    "submitted",
    "table_dataset",
    "tag_jobs",
    "tracked_run",
    "tracking_address",
    "tracking_errors",
    "warm_up",
    "why_unusable",
    "without_password",
]
