"""The command `judgelake-ingest` where it ends before any session: what is wrong with what it was given."""

import pytest

from judgelake.config import load_config
from judgelake.jobs.ingest import IngestJob, main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "pandalm", "--input", "absent.json"], "Cannot read 'absent.json': No such file or directory."),
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


def test_the_shipped_config_is_the_defaults(root):
    assert load_config(IngestJob, root / "conf" / "ingest.yaml") == IngestJob()
