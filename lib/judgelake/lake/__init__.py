"""How tables are created, read and written: DDL and views, pinned reads, exactly-once appends; no data of its own."""

from judgelake.lake.append import (
    LOST_RACES,
    app_ids,
    append_new,
    append_once,
    drop_plan,
    renew_plan,
    replace_plan,
    replace_rows,
)
from judgelake.lake.create import create_tables, create_views, register
from judgelake.lake.log_store import check_log_store, is_on_s3
from judgelake.lake.names import TABLES, VIEWS, named_in, quoted
from judgelake.lake.read import Newest, OtherWriters, Pinned, read_newest, read_pinned
from judgelake.lake.rejected import rejected_rows
from judgelake.lake.schemas import (
    COMPARISON,
    GENERATED_ANSWER,
    GENERATED_COMPARISON,
    JUDGMENT,
    LABEL,
    PLANNED,
    REJECTED_ROW,
    RUN,
    SCHEMAS,
    SEED,
    as_batch,
    as_struct,
    check_names,
    ddl_of,
    selected,
    without,
)
from judgelake.lake.staging import staging_folder
from judgelake.lake.upkeep import LEAST_RETAIN_HOURS, Maintained, drop_stale_plans, maintain

__all__ = [
    "COMPARISON",
    "GENERATED_ANSWER",
    "GENERATED_COMPARISON",
    "JUDGMENT",
    "LABEL",
    "LEAST_RETAIN_HOURS",
    "LOST_RACES",
    "PLANNED",
    "REJECTED_ROW",
    "RUN",
    "SCHEMAS",
    "SEED",
    "TABLES",
    "VIEWS",
    "Maintained",
    "Newest",
    "OtherWriters",
    "Pinned",
    "app_ids",
    "append_new",
    "append_once",
    "as_batch",
    "as_struct",
    "check_log_store",
    "check_names",
    "create_tables",
    "create_views",
    "ddl_of",
    "drop_plan",
    "drop_stale_plans",
    "is_on_s3",
    "maintain",
    "named_in",
    "quoted",
    "read_newest",
    "read_pinned",
    "register",
    "rejected_rows",
    "renew_plan",
    "replace_plan",
    "replace_rows",
    "selected",
    "staging_folder",
    "without",
]
