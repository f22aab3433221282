"""The end of a command: the exit code, and one sentence with the cause."""

import subprocess
import sys

import pytest
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from judgelake.errors import RunError, UserError
from judgelake.runtime import CommandParser, cause_of, exit_code_of, sql_state

# As py4j formats them: the call, the outermost exception with its stack, and its causes, the innermost last.
NO_FILE = """An error occurred while calling o181.saveAsTable.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to file:/runs. SQLSTATE: 58030
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(QueryExecutionErrors.scala:843)
Caused by: org.apache.spark.SparkException: [FAILED_READ_FILE.FILE_NOT_EXIST] Encountered error while reading file a. \
File does not exist. It is possible the underlying files have been updated.
You can explicitly invalidate the cache. SQLSTATE: KD001
\t... 1 more
Caused by: java.io.FileNotFoundException: File file:/lake/part-0.parquet does not exist
\t... 21 more
"""
NO_FOLDER = """An error occurred while calling o179.save.
: org.apache.spark.sql.delta.DeltaIOException: [DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:/lake/x/_delta_log
\tat org.apache.spark.sql.delta.DeltaErrorsBase.cannotCreateLogPathException(DeltaErrors.scala:2022)
"""
SUPPRESSED = """An error occurred while calling o142.parquet.
: org.apache.spark.SparkException: [FAILED_READ_FILE] Encountered error while reading file a. SQLSTATE: KD001
\tSuppressed: org.apache.spark.SparkException: Exception thrown in awaitResult
\tCaused by: java.lang.Error: beside the point
Caused by: java.lang.RuntimeException: a is not a Parquet file
"""
IN_PYTHON = """An error occurred while calling o104.save.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows. SQLSTATE: 58030
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(QueryExecutionErrors.scala:843)
Caused by: org.apache.spark.api.python.PythonException: [PYTHON_EXCEPTION] An exception was thrown from the Python \
worker: Traceback (most recent call last):
  File "rows.py", line 14, in boom
    raise ValueError('plain')
ValueError: plain
 SQLSTATE: 38000
\t... 1 more
"""
IN_PYTHON_ALONE = """An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "rows.py", line 2, in boom
    raise KeyError("a")
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "rows.py", line 4, in boom
    raise ValueError('plain')
ValueError: plain"""
DIVIDED = """An error occurred while calling o78.saveAsTable.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to file:/x. SQLSTATE: 58030
Caused by: org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012
== SQL (line 1, position 1) ==
1/(id-5) > 0
^^^^^^^^
"""

LAST_WORD = """
import argparse, atexit, gc, sys
from judgelake.runtime import exit_code_of
atexit.register(lambda: print("frozen" if gc.get_freeze_count() else "searched"))
sys.exit(exit_code_of(argparse.ArgumentParser(), lambda arguments: print(gc.get_freeze_count()), []))
"""


def ended(run, *argv):
    """The exit code of a command that takes a name and --debug."""
    parser = CommandParser(prog="try")
    parser.add_argument("--name", choices=["a"])
    parser.add_argument("--debug", action="store_true")
    return exit_code_of(parser, lambda arguments: run(), argv)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(
            Py4JError(NO_FILE),
            "java.io.FileNotFoundException: File file:/lake/part-0.parquet does not exist",
            id="the innermost cause",
        ),
        pytest.param(
            Py4JError(NO_FOLDER),
            "org.apache.spark.sql.delta.DeltaIOException: [DELTA_CANNOT_CREATE_LOG_PATH] "
            "Cannot create file:/lake/x/_delta_log",
            id="no cause below the first",
        ),
        pytest.param(
            Py4JError(SUPPRESSED),
            "java.lang.RuntimeException: a is not a Parquet file",
            id="suppressed ones are not it",
        ),
        pytest.param(Py4JError(IN_PYTHON), "ValueError: plain", id="a Python worker's error"),
        pytest.param(PySparkException(IN_PYTHON_ALONE), "ValueError: plain", id="the same when reading"),
        pytest.param(
            PySparkException("[TABLE_NOT_FOUND] No x.\nSearch path: y"),
            "PySparkException: [TABLE_NOT_FOUND] No x.",
            id="Spark's own sentence",
        ),
        pytest.param(OSError("disk full\nsecond line"), "OSError: disk full", id="an error of Python's own"),
        pytest.param(
            ValueError("Caused by: nothing\nCaused by: x"), "ValueError: Caused by: nothing", id="not Spark's"
        ),
        pytest.param(KeyError(), "KeyError: no message", id="no message at all"),
    ],
)
def test_an_unexpected_error_is_reported_by_its_innermost_cause(error, sentence):
    assert cause_of(error) == sentence


def test_an_error_of_spark_ends_a_command_in_one_sentence_with_its_cause(capsys):
    def write():
        raise Py4JError(NO_FILE)

    assert ended(write) == 1
    assert capsys.readouterr().err == (
        "error: java.io.FileNotFoundException: File file:/lake/part-0.parquet does not exist "
        "(--debug shows the stack trace)\n"
    )


@pytest.mark.parametrize(("error", "code"), [(UserError("mend it"), 2), (RunError("it failed"), 1)])
def test_our_own_errors_keep_their_words_and_exit_codes(error, code, capsys):
    def fail():
        raise error

    assert ended(fail) == code
    assert capsys.readouterr().err == f"error: {error}\n"


@pytest.mark.parametrize("argv", [("--debug",), ("--deb",)])
@pytest.mark.parametrize(("error", "code"), [(UserError("fix it"), 2), (RunError("it failed"), 1), (KeyError("a"), 1)])
def test_debug_shows_the_stack_trace_before_the_sentence(error, code, argv, capsys):
    def fail():
        raise error

    assert ended(fail, *argv) == code
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last == f"error: {error if isinstance(error, UserError | RunError) else cause_of(error)}"


def test_ctrl_c_ends_a_command_with_its_own_exit_code(capsys):
    def stop():
        raise KeyboardInterrupt

    assert ended(stop) == 130
    assert capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--nmae", "a"], "error: Unrecognized arguments: --nmae a. See: try --help"),
        (["--name", "b"], "error: Argument --name: invalid choice: 'b'"),
        (["--name"], "error: Argument --name: expected one argument. See: try --help"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_nothing_runs(argv, sentence, capsys):
    ran = []
    assert ended(lambda: ran.append(1), *argv) == 2
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1
    assert ran == []


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_that_ends_says_nothing_and_gives_its_code(returned, code, capsys):
    assert ended(lambda: returned) == code
    assert capsys.readouterr() == ("", "")


def test_help_is_not_an_error(capsys):
    assert ended(lambda: 1, "--help") == 0
    assert "usage: try" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "state"),
    [
        pytest.param(Py4JError(DIVIDED), "22012", id="of the innermost cause"),
        pytest.param(
            PySparkException("[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012\n== SQL =="), "22012", id="one"
        ),
        pytest.param(
            PySparkException("[X] The table a. SQLSTATE: 42P01; line 1 pos 20;\n'Project"), "42P01", id="place"
        ),
        pytest.param(Py4JError(NO_FILE), None, id="the innermost cause has none"),
        pytest.param(OSError("SQLSTATE: 22012"), None, id="not Spark's"),
    ],
)
def test_the_sql_state_of_an_error_is_that_of_its_innermost_cause(error, state):
    assert sql_state(error) == state


@pytest.mark.parametrize(("error", "code"), [(UserError("no"), 2), (RunError("no"), 1), (None, 0)])
@pytest.mark.parametrize("is_on_databricks", [True, False])
def test_a_failed_task_of_a_wheel_on_databricks_is_no_success(monkeypatch, capsys, error, code, is_on_databricks):
    def command(arguments):
        if error is not None:
            raise error

    monkeypatch.setattr("sys.argv", ["judgelake-judge"])
    if is_on_databricks:
        monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "18.0")
    else:
        monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    if is_on_databricks and code:
        with pytest.raises(SystemExit) as ended:
            exit_code_of(CommandParser(), command)
        assert ended.value.code == code
    else:
        assert exit_code_of(CommandParser(), command) == code


def test_what_a_command_has_imported_is_not_searched_for_unused_objects_as_it_ends():
    found = subprocess.run([sys.executable, "-c", LAST_WORD], capture_output=True, text=True, check=False)
    assert found.stdout.split() == ["0", "frozen"], found.stderr
