"""Requests to a model, exactly once, at the size of a cluster: plan, chunks, tasks, progress. Knows no judge."""

from judgelake.asking.amounts import amounts_of, profile_of
from judgelake.asking.answered_rows import Marks
from judgelake.asking.config import Asking
from judgelake.asking.executor import given_endpoint
from judgelake.asking.heavy import key_of_text
from judgelake.asking.inquiry import Asked, Interpreter, Named, NamedRow, Request, Requester, Row, Target
from judgelake.asking.outcome import ask_of, outcome_rows, with_answer
from judgelake.asking.pending import Pending, Work, pending_requests
from judgelake.asking.plan import Plan, make_plan
from judgelake.asking.planned_run import PlannedRun
from judgelake.asking.planning import ROW_HASH
from judgelake.asking.planning_failures import planning_errors
from judgelake.asking.planning_progress import PlanningProgress
from judgelake.asking.progress import ProgressServer, Tally
from judgelake.asking.records import NOT_UTF8
from judgelake.asking.rendering import Rendering
from judgelake.asking.resolving import Found, changing_answers, find_model
from judgelake.asking.run_record import Clock, RunRecord, git_commit
from judgelake.asking.run_rows import Written, code_facts, count_by_status, run_row, write_run, written_in
from judgelake.asking.signals import stopping_on_signals
from judgelake.asking.slots import Place, Slots, find_slots
from judgelake.asking.staging import drop_old_answers, open_journal
from judgelake.asking.stopping import Stopping

__all__ = [
    "NOT_UTF8",
    "ROW_HASH",
    "Asked",
    "Asking",
    "Clock",
    "Found",
    "Interpreter",
    "Marks",
    "Named",
    "NamedRow",
    "Pending",
    "Place",
    "Plan",
    "PlannedRun",
    "PlanningProgress",
    "ProgressServer",
    "Rendering",
    "Request",
    "Requester",
    "Row",
    "RunRecord",
    "Slots",
    "Stopping",
    "Tally",
    "Target",
    "Work",
    "Written",
    "amounts_of",
    "ask_of",
    "changing_answers",
    "code_facts",
    "count_by_status",
    "drop_old_answers",
    "find_model",
    "find_slots",
    "git_commit",
    "given_endpoint",
    "key_of_text",
    "make_plan",
    "open_journal",
    "outcome_rows",
    "pending_requests",
    "planning_errors",
    "profile_of",
    "run_row",
    "stopping_on_signals",
    "with_answer",
    "write_run",
    "written_in",
]
