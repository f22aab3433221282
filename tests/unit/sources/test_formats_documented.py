"""docs/formats.md against the formats themselves: every one is there, and every command can be given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from judgelake.jobs.ingest.command import OPTIONS, _parser
from judgelake.sources import FORMATS, TABLE, Columns

KNOWN = [*FORMATS, TABLE]


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "formats.md").read_text("utf-8")


def commands_in(page: str) -> list[list[str]]:
    return [shlex.split(line) for line in page.splitlines() if line.startswith("python jobs/ingest.py ")]


@pytest.mark.parametrize("name", KNOWN)
def test_every_format_has_a_section_with_a_command_and_a_line_in_the_table(page, name):
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert section is not None
    assert f"python jobs/ingest.py --format {name} " in section[1]
    assert f"[{name}](#{name})" in page


def test_the_page_has_no_other_format(page):
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == set(KNOWN)


def test_every_command_is_one_that_its_format_accepts(page):
    commands = commands_in(page)
    assert len(commands) >= len(KNOWN)
    for _, _, *arguments in commands:
        given = _parser().parse_args(arguments)
        options = [option for option in OPTIONS if getattr(given, option)]
        if given.format == TABLE:
            assert options == ["input"]
        else:
            FORMATS[given.format].check(options)


def test_the_mapping_on_the_page_can_be_read(page):
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert Columns.model_validate(yaml.safe_load(block)["columns"]).models == ("model_a", "model_b")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_recognised_by_keys_of_options_that_it_has(name):
    one = FORMATS[name]
    assert {option for option, _ in one.signs} <= {*one.takes, *one.needs}
