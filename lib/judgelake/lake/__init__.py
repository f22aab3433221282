"""How tables are made, read and written: DDL and views, pinned reads, exactly-once appends; no rows of its own."""

from judgelake.lake.append import app_ids, append_new, append_once, drop_plan, replace_rows
from judgelake.lake.create import create_tables, create_views, register
from judgelake.lake.maintain import LEAST_RETAIN_HOURS, Maintained, drop_stale_plans, maintain
from judgelake.lake.names import TABLES, VIEWS, quoted
from judgelake.lake.read import Newest, Pinned, has_commits_of_others, read_newest, read_pinned

__all__ = [
    "LEAST_RETAIN_HOURS",
    "TABLES",
    "VIEWS",
    "Maintained",
    "Newest",
    "Pinned",
    "app_ids",
    "append_new",
    "append_once",
    "create_tables",
    "create_views",
    "drop_plan",
    "drop_stale_plans",
    "has_commits_of_others",
    "maintain",
    "quoted",
    "read_newest",
    "read_pinned",
    "register",
    "replace_rows",
]
