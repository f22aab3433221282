"""The laws of the code base: which room may import which, how long a function may be, what no file may name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lib" / "judgelake"

BASE = {"errors", "config"}
# What every command stands on: a session, its arguments, and how its errors become exit codes.
COMMAND = BASE | {"session", "session_settings", "arguments", "entry"}
MAY_IMPORT = {
    "errors": set(),
    "config_reading": {"errors"},
    "config": {"errors", "config_reading"},
    "arguments": set(),
    "entry": BASE,
    "jars": set(),
    "session_settings": BASE,
    "session": BASE | {"jars", "session_settings"},
    "judges": BASE,
    "sources": BASE | {"judges"},
    "engine": BASE | {"judges"},
    "lake": BASE | {"judges", "session_settings"},
    "tracking": BASE,
    "tables": COMMAND | {"lake"},
    # Measures are pure: counts in, numbers out. The job that feeds and tells them is evaluating.
    "evaluation": BASE | {"judges"},
    # Data in, text out; it knows an estimate when it sees one.
    "report": BASE | {"evaluation"},
    "evaluating": COMMAND | {"judges", "lake", "evaluation", "report", "tracking"},
    "ingest": COMMAND | {"judges", "sources", "lake"},
    "judging": COMMAND | {"judges", "sources", "engine", "lake", "tracking"},
    "doctor": COMMAND | {"judges", "engine", "lake", "tracking"},
    # The command line reaches every room, each only when its subcommand runs.
    "cli": COMMAND | {"judges", "sources", "engine", "lake", "ingest", "judging", "doctor"},
    "quickstart": COMMAND | {"judges", "sources", "engine", "lake", "ingest", "judging", "evaluation", "evaluating"},
}
LONGEST_FILE = 320
LONGEST_FUNCTION = 60
HEAVY = ("pyspark", "vllm", "torch", "transformers", "aiohttp", "mlflow")

CODE = sorted(path for folder in ("lib", "jobs", "setup", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute, so that a reader sees the room"
            names.add(node.module or "")
    return names


def rooms() -> list[str]:
    return sorted({room_of(path) for path in MODULES} - {"__init__"})


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_rooms_below_it(room):
    assert room in MAY_IMPORT, f"the new room {room!r} needs its line in MAY_IMPORT"
    allowed = MAY_IMPORT[room] | {room}
    for path in MODULES:
        if room_of(path) != room:
            continue
        inside = {name.split(".")[1] for name in imported_modules(path) if name.startswith("judgelake.")}
        assert inside <= allowed, f"{path.relative_to(ROOT)} imports {sorted(inside - allowed)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_are_imported_by_their_public_names(path):
    for name in imported_modules(path):
        parts = name.split(".")
        assert name != "judgelake" or path == PACKAGE / "cli" / "__init__.py", "importing the whole package ties rings"
        if parts[0] == "judgelake" and len(parts) > 2 and (PACKAGE / parts[1]).is_dir():
            assert parts[1] == room_of(path), f"{path.relative_to(ROOT)} reaches past the room's names: {name}"


def test_nothing_in_the_library_imports_the_jobs():
    assert not [path for path in MODULES if "jobs" in {name.split(".")[0] for name in imported_modules(path)}]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_named_by_what_they_hold(path):
    assert path.stem not in {"utils", "helpers", "common", "misc"}


def modules_loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(answer.stdout.split())


@pytest.mark.parametrize("room", [room for room in ("judges", "sources", "config", "cli") if room in rooms()])
def test_light_rooms_can_be_imported_without_spark_or_vllm(room):
    assert not modules_loaded_by(f"import judgelake.{room}") & set(HEAVY)


@pytest.mark.parametrize("room", [room for room in rooms() if room != "quickstart"])
def test_importing_a_room_says_and_makes_nothing(room, tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", f"import judgelake.{room}"], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert (answer.returncode, answer.stdout, list(tmp_path.iterdir())) == (0, "", []), answer.stderr


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode != 0:
        pytest.skip("not a git checkout, so there is no list of the project's files")
    return [ROOT / name for name in answer.stdout.split("\0") if name and (ROOT / name).is_file()]


# Spelled in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:" + "wo" + "rk|ro" + "ot|ho" + r"me)/[a-z]",
    "the address of a package index": "|".join(("py" + r"pi\.org", "pythonho" + r"sted\.org", "index" + "-url =")),
    "a work note": "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX\\b")),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()!r}" for match in pattern.finditer(text)]
    assert not found


def test_the_pinned_requirements_name_no_index_and_no_machine():
    for path in (ROOT / "requirements").glob("*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert re.match(r"[a-z0-9._-]+==\S+( ; .+)?$", line), f"{path.name}: {line!r} is not a plain pin"
