"""docs/outputs.md against the code: every row of its tables is read, and every form, parser and judge is on it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from judgelake.comparisons import Failure
from judgelake.judges import PARSERS, JudgeSpec, ModeSpec, list_judges, load_judge, parse
from judgelake.judges.parsers.plain import Form

PAGE = Path(__file__).resolve().parents[3] / "docs" / "outputs.md"
COLUMNS = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"`([^`]*)`|<code>(.*?)</code>")
CUT = ", cut"


@dataclass(frozen=True)
class Row:
    """A row of a table: its cells by the table's heading, and the judge it is about."""

    line: int
    cells: dict[str, str]
    spec: JudgeSpec
    mode: str

    @property
    def output(self) -> str:
        return code_in(self.cells["Output"])

    @property
    def finish_reason(self) -> str:
        return "length" if self.cells["Output"].endswith(CUT) else "stop"


def code_in(cell: str) -> str:
    match = CODE.match(cell)
    assert match is not None, cell
    text = match[1] if match[1] is not None else html.unescape(match[2])
    return text.replace(r"\|", "|").replace(r"\n", "\n")


def judge_of(mode: dict[str, object]) -> JudgeSpec:
    content = {"name": "mine", "description": "x", "model": "m", "context_length": 9, "licence": "x"}
    return JudgeSpec.model_validate({**content, "modes": {"mine": {"prompt": "{{ question }}", **mode}}})


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in COLUMNS.split(line)[1:-1]]


def rows() -> list[Row]:
    found, heading, mine = [], [], None
    blocks = re.split(r"(```yaml\n.*?```\n)", PAGE.read_text("utf-8"), flags=re.DOTALL)
    line_number = 0
    for block in blocks:
        if block.startswith("```yaml"):
            mine = judge_of(yaml.safe_load(block.removeprefix("```yaml\n").removesuffix("```\n")))
        for line in block.splitlines():
            line_number += 1
            if not line.startswith("|"):
                heading = []
                continue
            if not heading:
                heading = cells_of(line)
            elif not line.startswith("|---"):
                cells = dict(zip(heading, cells_of(line), strict=True))
                if "Read as" not in cells:
                    continue
                if "Judge and mode" in cells:
                    name, mode = cells["Judge and mode"].split()
                    found.append(Row(line_number, cells, load_judge(name), mode))
                else:
                    assert mine is not None
                    found.append(Row(line_number, cells, mine, "mine"))
    return found


ROWS = rows()


def read_as(row: Row, **how: object) -> str:
    """A reading as the page writes it: "A", "8, 7", "A 3, 0", or the status of a failure."""
    result = parse(row.spec, row.mode, **how, answers=row.spec.modes[row.mode].answers[0])
    if isinstance(result, Failure):
        assert result.reason
        return result.status.value
    is_of_scores = row.spec.modes[row.mode].parser.get("kind") == "score_line" or result.verdict is None
    parts = [] if is_of_scores else [str(result.verdict)]
    if result.scores is not None:
        parts.append(", ".join(f"{score:g}" for score in result.scores))
    return " ".join(parts)


@pytest.mark.parametrize("row", [row for row in ROWS if "Output" in row.cells], ids=lambda row: f"line {row.line}")
def test_an_output_on_the_page_is_read_as_the_page_says(row: Row) -> None:
    assert read_as(row, raw_output=row.output, finish_reason=row.finish_reason) == row.cells["Read as"]


@pytest.mark.parametrize(
    "row", [row for row in ROWS if "Log-probabilities" in row.cells], ids=lambda row: f"line {row.line}"
)
def test_log_probabilities_on_the_page_are_read_as_the_page_says(row: Row) -> None:
    pairs = (pair.split() for pair in code_in(row.cells["Log-probabilities"]).split(", "))
    logprobs = {label: float(value) for label, value in pairs}
    assert read_as(row, raw_output="<think>", label_logprobs=logprobs) == row.cells["Read as"]


def test_the_page_has_every_form_and_every_kind_of_parser() -> None:
    assert {code_in(row.cells["Form"]) for row in ROWS if "Form" in row.cells} == set(Form)
    kinds = {mode.parser["kind"] for row in ROWS for mode in [row.spec.modes[row.mode]] if mode.parser}
    assert kinds == set(PARSERS)
    stated = {(row.spec.name, row.mode, code_in(row.cells["Kind"])) for row in ROWS if "Kind" in row.cells}
    assert all(load_judge(name).modes[mode].parser["kind"] == kind for name, mode, kind in stated)


def test_the_page_names_the_forms_that_judge_files_keep() -> None:
    table = PAGE.read_text("utf-8").partition("| Judge | `faithful` |\n|---|---|\n")[2].partition("\n\n")[0]
    on_page = {name: forms.split(", ") for name, forms in map(cells_of, table.splitlines())}
    kept = {
        judge.name: {tuple(mode.parser.get("faithful", ())) for mode in judge.modes.values()} for judge in list_judges()
    }
    assert {name: {tuple(forms)} for name, forms in on_page.items()} == {
        name: forms for name, forms in kept.items() if forms != {()}
    }


def test_a_decorated_output_is_a_failure_where_its_form_is_kept() -> None:
    """The same outputs with the form kept: the form is what made them readable, and not something else."""
    decorated = [
        row for row in ROWS if row.cells.get("Form") and row.mode in ("pair", "pair-explain", "single-explain")
    ]
    checked = set()
    for row in decorated:
        mode = row.spec.modes[row.mode]
        if row.cells["Read as"] in ("unparseable", "truncated") or "faithful" in mode.parser:
            continue
        form = code_in(row.cells["Form"])
        content = mode.model_dump(exclude_unset=True)
        kept = ModeSpec.model_validate({**content, "parser": {**mode.parser, "faithful": [form]}})
        spec = row.spec.model_copy(update={"modes": {row.mode: kept}})
        bare = Row(row.line, row.cells, spec, row.mode)
        assert read_as(bare, raw_output=row.output) != row.cells["Read as"], row.output
        checked.add(form)
    assert checked == set(Form)
