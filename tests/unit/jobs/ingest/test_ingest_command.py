"""The command `judgelake-ingest` where it ends before any session: what is wrong with what it was given."""

import json
from types import SimpleNamespace

import pytest

from judgelake.config import load_config
from judgelake.jobs.ingest import Ingested, IngestJob, command, main
from judgelake.jobs.ingest.command import OF_ROWS, _nothing_taken


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "pandalm", "--input", "absent.json"], "Cannot read 'absent.json': No such file or directory."),
        (["--format", "pandalm", "--input", "."], "Cannot read '.': it is a folder. Name its files"),
        (["--format", "judgelake", "--input", "."], "Cannot read '.': it is a folder. Name its files"),
        (["--format", "pandaml", "--input", "x"], "There is no format 'pandaml'. Did you mean 'pandalm'?"),
        (["--format", "pandalm"], "--format pandalm needs --input"),
        (["--format", "llmbar", "--input", "x", "--pairs", "all"], "--format llmbar does not accept --pairs"),
        (["--format", "alpaca_eval"], "--format alpaca_eval needs a file: --input, --annotations or --judgments."),
        (
            ["--format", "table", "--input", "x", "--baseline", "m"],
            "--format table needs --input and accepts nothing else",
        ),
        (
            ["--format", "pandalm", "--input", "x", "--set", "tabels.labels=x"],
            "unknown key 'tabels'. Did you mean 'tables'?",
        ),
        (["--format", "pandalm", "--input", "x", "--set", "tables.warehouse=null"], "`staging` is not set"),
        (["--format", "judgelake"], "--format judgelake needs a file: --input, --labels or --judgments."),
        (["--format", "judgelake", "--judgments", "absent.jsonl"], "Cannot read 'absent.jsonl': No such file"),
        (
            ["--format", "judgelake", "--input", "x", "--judges", "d"],
            "--judges names the judge files that parse raw outputs",
        ),
        (
            ["--format", "mm_vet", "--input", "x", "--answers", "y", "--judgments", "z"],
            "--format mm_vet does not accept --judgments",
        ),
        (["--input", "x"], "--format is missing: one of judgelake, arena, preference"),
        (["--format", "openai_batch", "--judgments", "x"], "--format openai_batch needs --judge; it accepts"),
        (["--format", "judgelm", "--input", "x", "--order", "BA"], "--format judgelm does not accept --order"),
        (["--format", "table", "--input", "absent.csv"], "Cannot read 'absent.csv': there is no such file or folder."),
        (
            ["--format", "table", "--input", "absent/*.csv"],
            "What can be read: JSON (one object per line, or one array)",
        ),
    ],
)
def test_a_wrong_command_ends_with_one_sentence_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "is_small"),
    [
        pytest.param(["--format", "table", "--input", "votes.csv"], True, id="a file that is read here"),
        pytest.param(["--format", "table", "--input", "votes.csv", "a.table"], False, id="also a table of Spark"),
        pytest.param(["--format", "judgelake", "--input", "votes.csv"], True, id="a format"),
        pytest.param(
            ["--format", "judgelake", "--input", "votes.csv", "--set", "staging=other"], False, id="staged elsewhere"
        ),
    ],
)
def test_a_session_suits_the_size_of_the_warehouse_only_if_the_rows_are_in_it(
    arguments, is_small, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "votes.csv").write_text("q,a,b\n")
    made = []
    monkeypatch.setattr(command, "get_spark", lambda *names, one_command, debug: made.append(one_command))
    monkeypatch.setattr(command, "ingest", lambda session, *rest, **more: session() or Ingested(1, 0, 0, 0, 0, 0, ()))
    assert main(arguments) == 0
    assert made == [is_small]


def test_rows_that_fit_no_format_are_said_to_be_a_table(tmp_path):
    done = Ingested(0, 0, 0, 0, 2, 2, ("votes.csv, line 2: q: unknown key",))
    files = dict.fromkeys(OF_ROWS, ()) | {"input": [str(tmp_path / "votes.csv")]}
    said = str(_nothing_taken(done, SimpleNamespace(format="judgelake", **files)))
    assert said.endswith(
        "q: unknown key. Columns of your own come in with --format table and a config that names them."
    )
    assert "--format table" not in str(_nothing_taken(done, SimpleNamespace(format="table", **files)))


def test_the_shipped_config_is_the_defaults(root):
    assert load_config(IngestJob, root / "conf" / "ingest.yaml") == IngestJob()


@pytest.mark.parametrize(
    ("row", "guess"),
    [
        ({"model_a": "x", "model_b": "y", "conversation_a": [], "conversation_b": []}, "arena --input"),
        ({"prompt": "", "chosen": "", "rejected": "", "id": 1}, "preference --input"),
        ({"instruction": "", "output": "", "generator": ""}, "alpaca_eval --input"),
        ({"question_id": 1, "judge": "", "g1_winner": "", "turn": 1}, "mt_bench --judgments"),
        ({"uid": "", "model": "", "judge": "", "games": []}, "arena_hard --judgments"),
        ({"custom_id": "", "response": {}, "error": None}, "openai_batch --judgments"),
        ({"orig_instruction": "", "orig_criteria": "", "instruction": "", "output": ""}, "feedback_collection --input"),
        ({"messages": [], "answers": []}, "judgelake --input"),
        ({"question": "", "answer": ""}, None),
    ],
)
def test_a_guess_at_the_format_is_offered_and_not_taken(row, guess, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    assert main(["--input", "x.jsonl"]) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"table. 'x.jsonl' looks like --format {guess}.\n" if guess else "table.\n")


def test_a_sheet_that_nobody_has_filled_in_is_said_to_have_no_verdict():
    files = dict.fromkeys(OF_ROWS, ()) | {"labels": ["ann.csv"]}
    said = _nothing_taken(Ingested(0, 0, 0, 0, 0, 0, ()), SimpleNamespace(format="label_sheet", **files))
    assert str(said) == "Nothing was ingested: there is no row with a verdict in ann.csv."
