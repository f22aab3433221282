"""How tables are made, read and written: DDL and views, pinned reads, exactly-once appends. What is in them comes from elsewhere."""

from judgelake.lake.append import append_new, append_once, drop_plan
from judgelake.lake.create import create_tables, register
from judgelake.lake.maintain import LEAST_RETAIN_HOURS, Maintained, maintain
from judgelake.lake.names import TABLES, VIEWS, quoted
from judgelake.lake.read import Pinned, read_pinned

__all__ = [
    "LEAST_RETAIN_HOURS",
    "TABLES",
    "VIEWS",
    "Maintained",
    "Pinned",
    "append_new",
    "append_once",
    "create_tables",
    "drop_plan",
    "maintain",
    "quoted",
    "read_pinned",
    "register",
]
