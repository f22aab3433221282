"""Answers that tasks write down as they come, until they are in the table; nothing is read unless a run failed.

What is kept is a copy: the table gets the same rows from the tasks themselves. After a failure the copy is read in
place of asking again.
"""

from judgelake.asking.journal.abandoned import drop_abandoned
from judgelake.asking.journal.files import Journal
from judgelake.asking.journal.into_table import journal_rows, recover
from judgelake.asking.journal.known import KnownAnswers, answered_before
from judgelake.asking.journal.of_task import AnswersOfTask
from judgelake.asking.journal.place import JournalRoot, journal_address, journal_root
from judgelake.asking.journal.writer import JournalWriter, TaskJournal, TaskName, task_name

__all__ = [
    "AnswersOfTask",
    "Journal",
    "JournalRoot",
    "JournalWriter",
    "KnownAnswers",
    "TaskJournal",
    "TaskName",
    "answered_before",
    "drop_abandoned",
    "journal_address",
    "journal_root",
    "journal_rows",
    "recover",
    "task_name",
]
