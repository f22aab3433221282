"""The command `judgelake`: its output, and its errors for a user's mistakes."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from judgelake.cli import main
from judgelake.judges import list_judges
from judgelake.sources import Rejected, rows_of

LINE = {
    "comparison_id": "c1",
    "messages": [{"role": "user", "content": "Why {{ x }} ü?"}],
    "answers": [{"text": "first"}, {"text": "second"}],
    "reference": "ref",
    "labels": [{"labeler": "ann", "kind": "gold", "verdict": "A"}],
}
THREE = LINE | {"comparison_id": "c3", "answers": [{"text": "1st"}, {"text": "2nd"}, {"text": "3rd"}]}
SHOWN = {"A": "1st", "B": "2nd", "C": "3rd"}


def write(path: Path, *lines: object) -> str:
    text = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(text) + "\n", "utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    assert main(arguments) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_prompts_prints_a_line_for_each_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = run(capsys, "prompts", "--judge", "autoj", "--mode", "pair", write(tmp_path / "x", LINE, "", THREE))
    assert [set(row) for row in rows] == [
        {"comparison_id", "order", "prompt"},
        {"comparison_id", "order", "status", "reason"},
    ]
    assert rows[0]["order"] == "AB"
    assert "[Query]: Why {{ x }} ü?\n***\n[Response 1]: first" in rows[0]["prompt"]
    assert rows[1] == {
        "comparison_id": "c3",
        "order": "ABC",
        "status": "invalid_input",
        "reason": "mode 'pair' takes 2 answers, the comparison has 3",
    }


def test_prompts_of_a_chat_judge_are_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = run(capsys, "prompts", "--judge", "chat", "--mode", "pair", write(tmp_path / "x", LINE))
    assert [message["role"] for message in rows[0]["prompt"]] == ["user"]


@pytest.mark.parametrize(("order", "shown"), [("AB", "ABC"), ("BA", "CBA"), ("CAB", "CAB")])
def test_an_order_holds_for_any_number_of_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], order: str, shown: str
) -> None:
    file = write(tmp_path / "x", THREE)
    rows = run(capsys, "prompts", "--judge", "judgelm", "--mode", "multi", "--order", order, file)
    assert rows[0]["order"] == shown
    places = [rows[0]["prompt"].index(f"\n{SHOWN[letter]}\n") for letter in shown]
    assert places == sorted(places)


def test_a_spelled_order_that_does_not_fit_fails_its_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "x", LINE)
    rows = run(capsys, "prompts", "--judge", "judgelm", "--mode", "pair", "--order", "CAB", file, code=2)
    assert rows[0]["reason"] == "'CAB' is not an order of 2 answers"


def test_references_can_be_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "x", LINE)
    used, ignored = (
        run(capsys, "prompts", "--judge", "judgelm", "--mode", "pair", "--reference", how, file)[0]["prompt"]
        for how in ("use", "ignore")
    )
    assert "[Reference Answer]\nref\n" in used
    assert "[Reference Answer]" not in ignored


# The reasons that ingest gives for the same lines, with the line number.
BAD_LINES = [
    (b"not json", "line 1: not JSON: Expecting value at column 1"),
    (b"[1]", "line 2: a list, expected an object"),
    (b'{"messages": NaN, "raw": NaN}', "line 3: NaN is not a JSON number"),
    (b'{"messages": 1e999}', "line 4: the number 1e999 is too large"),
    (b"\xff\xfe", "line 5: not valid UTF-8 at byte 1"),
    (b"[" * 100_000, "line 6: not JSON: nested too deeply"),
    (b'{"raw": "8 7", "raw": "7 8"}', "line 7: raw: the same key twice in one object"),
    (b'{"messages": [{"role": "user", "role": "user"}]}', "line 8: role: the same key twice in one object"),
    (b'\xef\xbb\xbf{"raw": "8 7"}', "line 9: not JSON: Expecting value at column 1"),
    (b'{"raw": "8 7"} {}', "line 10: not JSON: more text after column 14"),
]


@pytest.mark.parametrize(
    ("command", "good"),
    [(["prompts", "--judge", "autoj"], LINE), (["parse", "--judge", "judgelm"], {"raw": "8 7"})],
)
def test_a_bad_line_fails_alone_as_it_does_in_ingest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], good: dict[str, Any]
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\n".join([*(line for line, _ in BAD_LINES), json.dumps(good).encode()]))
    rows = run(capsys, *command, "--mode", "pair", str(path))
    assert rows[-1].get("reason") is None
    assert [row.get("status") for row in rows[:-1]] == ["invalid_input"] * len(BAD_LINES)
    assert [row["reason"] for row in rows[:-1]] == [reason for _, reason in BAD_LINES]
    assert [(row.line, row.reason) for row in rows_of(path) if isinstance(row, Rejected)] == [
        (int(number), reason) for number, reason in (text[5:].split(": ", 1) for _, text in BAD_LINES)
    ]


def test_an_id_that_no_table_can_hold_fails_its_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "x", json.dumps(LINE | {"comparison_id": "\ud800", "messages": []}), LINE)
    rows = run(capsys, "prompts", "--judge", "autoj", "--mode", "pair", file)
    assert [row["comparison_id"] for row in rows] == ["?", "c1"]
    assert rows[0]["status"] == "invalid_input"


def test_a_list_of_objects_and_a_byte_order_mark_are_read_as_in_ingest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([{"raw": "8 7"}, {"raw": "7 8"}], indent=1).encode())
    rows = run(capsys, "parse", "--judge", "judgelm", "--mode", "pair", str(path))
    assert [row["verdict"] for row in rows] == ["A", "B"]


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"raw": "8 7"}\n')))
    rows = run(capsys, "parse", "--judge", "judgelm", "--mode", "pair", "-")
    assert rows == [{"status": "ok", "scores": [8.0, 7.0], "verdict": "A", "reason": None}]


def test_lines_of_a_pipe_are_answered_one_after_the_other() -> None:
    program = "import sys; from judgelake.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-u", "-c", program, "parse", "--judge", "judgelm", "--mode", "pair", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for raw, verdict in (("8 7", "A"), ("7 8", "B")):
            process.stdin.write(json.dumps({"raw": raw}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["verdict"] == verdict
        process.stdin.close()
        assert process.wait() == 0


def test_parse_reads_outputs_and_says_why_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(
        tmp_path / "x",
        {"raw": "7 9 8"},
        {"raw": "7 1", "finish_reason": "length"},
        {"raw": "7 8", "answers": 2},
        {"raw": None},
        {"text": "7 9 8"},
        {"raw": "7 9 8", "answers": "3"},
    )
    rows = run(capsys, "parse", "--judge", "judgelm", "--mode", "multi", "--answers", "3", file)
    assert [row["status"] for row in rows] == ["ok", "truncated", "ok"] + ["invalid_input"] * 3
    assert rows[0] == {"status": "ok", "scores": [7.0, 9.0, 8.0], "verdict": "B", "reason": None}
    assert rows[3] == {
        "status": "invalid_input",
        "scores": None,
        "verdict": None,
        "reason": "raw: null, expected text",
    }
    assert [row["reason"] for row in rows[4:]] == ["raw: missing", "answers: str '3', expected an integer from 1 to 26"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"finish_reason": 1}, "finish_reason: int '1', expected text"),
        ({"label_logprobs": [-1]}, "label_logprobs: a list of 1, expected an object of labels and their"),
        ({"label_logprobs": {"A": 0.5}}, "label_logprobs.A: float '0.5', expected a number of at most 0"),
        ({"label_logprobs": {"A": True}}, "label_logprobs.A: true, expected a number of at most 0"),
        ({"answers": True}, "answers: true, expected an integer from 1 to 26"),
        ({"answers": 27}, "answers: int '27', expected an integer from 1 to 26"),
        ({"raw": "a\0"}, "raw: contains a NUL character"),
    ],
)
def test_parse_names_the_field_that_cannot_be_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], reason: str
) -> None:
    file = write(tmp_path / "x", {"raw": "8 7"} | change)
    rows = run(capsys, "parse", "--judge", "judgelm", "--mode", "pair", file, code=2)
    assert rows[0]["status"] == "invalid_input"
    assert rows[0]["reason"].startswith(reason)


def test_parse_reads_label_logprobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "x", {"raw": "A", "label_logprobs": {"A": -2, "B": -0.1, "T": -5}})
    rows = run(capsys, "parse", "--judge", "chat", "--mode", "pair-logprobs", file)
    assert rows[0]["verdict"] == "B"


def test_judges_are_listed_in_plain_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judges"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split("\t") == ["name", "modes", "model", "family", "thinks", "licence", "source", "prompt"]
    assert [line.split("\t")[0] for line in lines][:3] == ["arena-hard", "autoj", "autoj-zh"]
    assert all(line.count("\t") == 7 for line in lines)


def test_judges_are_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(["judges"]) == 0
    assert "pandalm" in capsys.readouterr().out


def test_the_table_of_judges_fits_into_a_hundred_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(["judges"]) == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 100
    words = [line.split() for line in lines]
    for name, prompt in (("compassjudger-2", "included"), ("glider", "withheld")):
        (row,) = (line for line in words if line[:1] == [name])
        assert prompt in row
    shown = {word.rstrip(",") for line in words for word in line}
    assert not {mode for judge in list_judges() for mode in judge.modes} - shown, "a name that is broken"


def test_a_judge_is_shown_in_detail(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    assert main(["judges", "glider"]) == 0
    shown = capsys.readouterr().out
    assert f"file:        {root / 'conf' / 'judges' / 'glider.yaml'}\n" in shown
    assert "withheld: its licence" in shown
    assert "mode single: One answer" in shown
    assert "decoding: temperature 0.0, max_tokens 2048\n" in shown


def test_the_prompt_of_a_withheld_judge_cannot_be_shown_but_its_outputs_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prompts", "--judge", "glider", "--mode", "single", write(tmp_path / "x", LINE)]) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert "CC-BY-NC-4.0" in error
    outputs = write(tmp_path / "y", {"raw": "<score>4</score>"})
    rows = run(capsys, "parse", "--judge", "glider", "--mode", "single", outputs)
    assert rows[0]["scores"] == [4.0]


def test_a_users_folder_is_listed_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str], root: Path) -> None:
    text = (root / "conf" / "judges" / "pandalm.yaml").read_text("utf-8").replace("name: pandalm", "name: mine")
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    assert main(["judges", "--judges", str(tmp_path)]) == 0
    assert "\nmine\t" in capsys.readouterr().out
    file = write(tmp_path / "x", {"raw": "Tie"})
    assert (
        run(capsys, "parse", "--judge", "mine", "--mode", "pair", "--judges", str(tmp_path), file)[0]["verdict"]
        == "tie"
    )


PROMPTS = ["prompts", "--judge", "judgelm", "--mode", "pair"]
PARSE = ["parse", "--judge", "judgelm", "--mode", "pair"]


@pytest.mark.parametrize(
    ("command", "lines", "error"),
    [
        pytest.param(PROMPTS, [], "There is no prompt: '{file}' has no line.", id="prompts of no line"),
        pytest.param(PARSE, [], "There is no output: '{file}' has no line.", id="outputs of no line"),
        pytest.param(
            PROMPTS,
            [{"prompt": "Q"}, {"prompt": "R"}],
            "There is no prompt: every line of '{file}' failed (2). The first: prompt: unknown key.",
            id="lines of another layout",
        ),
        pytest.param(
            PROMPTS,
            [THREE],
            "There is no prompt: every line of '{file}' failed (1). The first: mode 'pair' takes 2 answers, "
            "the comparison has 3.",
            id="comparisons that the mode cannot judge",
        ),
        pytest.param(
            PARSE,
            [{"text": "8 7"}, {"raw": None}],
            "There is no output: every line of '{file}' failed (2). The first: raw: missing.",
            id="outputs under another key",
        ),
        pytest.param(PROMPTS, [LINE, {"question": "Q"}], None, id="one comparison that has a prompt"),
        pytest.param(PARSE, [{"raw": "Answer 1 is better"}], None, id="an output that says nothing was taken"),
    ],
)
def test_a_command_that_could_use_no_line_at_all_says_why_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], lines: list[object], error: str | None
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert main([*command, str(path)]) == (2 if error else 0)
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(lines)
    assert err.splitlines() == ([f"error: {error.format(file=path)}"] if error else [])


MISTAKES = [
    pytest.param([], "required", id="no command"),
    pytest.param(["prompt"], "invalid choice", id="unknown command"),
    pytest.param(["prompts", "--judge", "judgelm", "x"], "required: --mode", id="no mode"),
    pytest.param(["prompts", "--judge", "jugdelm", "--mode", "pair", "x"], "Did you mean 'judgelm'?", id="judge"),
    pytest.param(["prompts", "--judge", "judgelm", "--mode", "pear", "x"], "Did you mean 'pair'?", id="mode"),
    pytest.param(
        ["prompts", "--judge", "judgelm", "--mode", "pair", "gone.jsonl"], "Cannot read 'gone.jsonl'", id="file"
    ),
    pytest.param(["prompts", "--judge", "judgelm", "--mode", "pair", "."], "Cannot read '.'", id="folder"),
    pytest.param(["parse", "--judge", "judgelm", "--mode", "pair", __file__], "is not JSON", id="no JSON at all"),
    pytest.param(
        ["prompts", "--judge", "judgelm", "--mode", "pair", "--order", "b", "x"], "--order 'b': expected", id="order"
    ),
    pytest.param(
        ["parse", "--judge", "judgelm", "--mode", "multi", "--answers", "20", "x"], "takes 2 to 19", id="answers"
    ),
    pytest.param(["judges", "glidr"], "Did you mean 'glider'?", id="judge to show"),
    pytest.param(["judges", "--judges", "nowhere"], "no folder of judges 'nowhere'", id="folder of judges"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_users_mistake_is_one_sentence_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_debug_shows_the_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judges", "--judges", "nowhere", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["prompts", "parse", "judges"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"examples:\n  judgelake {command}" in capsys.readouterr().out


def test_it_starts_at_once_because_it_loads_none_of_the_large_libraries() -> None:
    large = "{'pyspark', 'vllm', 'torch', 'transformers', 'mlflow', 'pandas', 'pyarrow', 'scipy', 'numpy', 'aiohttp'}"
    code = f"import sys; from judgelake.cli import main; main(['judges']); print({large} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_reader_that_leaves_early_is_not_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "x", *[LINE] * 5_000)
    command = [sys.executable, "-c", "import sys; from judgelake.cli import main; sys.exit(main(sys.argv[1:]))"]
    arguments = ["prompts", "--judge", "autoj", "--mode", "pair", file]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
