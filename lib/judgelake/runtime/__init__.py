"""How a command starts and ends: arguments, the Spark session, MLflow's store, exit codes."""

from judgelake.runtime.command import (
    DEBUG,
    CommandParser,
    add_job_arguments,
    cause_of,
    config_path,
    exit_code_of,
    sql_state,
)
from judgelake.runtime.session import QUERY_LOGGERS, _set_log_level, check_java, get_spark, stop_spark
from judgelake.runtime.settings import ONE_COMMAND, SMALL_BYTES
from judgelake.runtime.tracking import (
    REMEDY,
    flat,
    open_experiment,
    shown_error,
    table_dataset,
    tracking_address,
    tracking_errors,
    warm_up,
    why_unusable,
    without_password,
)
from judgelake.runtime.writability import is_writable, nearest_existing, why_unwritable

__all__ = [
    "DEBUG",
    "ONE_COMMAND",
    "QUERY_LOGGERS",
    "REMEDY",
    "SMALL_BYTES",
    "CommandParser",
    "_set_log_level",
    "add_job_arguments",
    "cause_of",
    "check_java",
    "config_path",
    "exit_code_of",
    "flat",
    "get_spark",
    "is_writable",
    "nearest_existing",
    "open_experiment",
    "shown_error",
    "sql_state",
    "stop_spark",
    "table_dataset",
    "tracking_address",
    "tracking_errors",
    "warm_up",
    "why_unusable",
    "why_unwritable",
    "without_password",
]
