"""The laws of the code base: which room may import which, how long a function may be, what no file may name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lib" / "judgelake"

BASE = {"errors", "config", "writability", "whole_files", "cores", "markdown", "stores"}
PURE = BASE | {"comparisons", "api", "judges", "measures"}
JOBS = sorted(path.parent.name for path in (PACKAGE / "jobs").glob("*/__init__.py"))
# What a job is made of.
PARTS = PURE | {
    "trust",
    "training",
    "trainer",
    "report",
    "sources",
    "generation",
    "engine",
    "lake",
    "runtime",
    "asking",
}
MAY_IMPORT = {
    "errors": set(),
    "writability": set(),
    "whole_files": set(),
    "cores": set(),
    "markdown": set(),
    "stores": set(),
    "config": {"errors"},
    "comparisons": {"errors"},
    "api": {"comparisons"},
    "judges": BASE | {"comparisons", "api"},
    # Counts in, numbers out. The job that feeds and shows them is jobs/evaluate.
    "measures": BASE | {"comparisons", "judges"},
    # How far verdicts can be relied on: counts and verdicts in, numbers out.
    "trust": BASE | {"comparisons", "judges", "measures"},
    # Examples, epoch and seed in, rows of tokens out: no Spark, torch or transformers.
    "training": BASE | {"comparisons", "judges"},
    # Rows of tokens in, a model out: processes of their own, in which torch and transformers are loaded.
    "trainer": BASE | {"comparisons", "judges", "measures", "training"},
    # Data in, text out.
    "report": BASE | {"measures"},
    "runtime": BASE,
    "sources": BASE | {"comparisons", "api", "judges", "training"},
    # From rows of a source to seeds, from answers to comparisons.
    "generation": BASE | {"comparisons", "sources", "training"},
    "engine": BASE | {"comparisons", "api", "judges"},
    "lake": PURE | {"runtime"},
    "asking": BASE | {"comparisons", "judges", "engine", "lake", "runtime"},
    # A job never imports another job, but for promotion: it decides by an evaluation, and by no statistic of its own.
    "jobs": set(),
    **{f"jobs.{job}": PARTS for job in JOBS},
    "jobs.promote": PARTS | {"jobs.evaluate"},
    # Nor does what is said of verdicts have rules of its own for orders, labels and intervals.
    "jobs.trust": PARTS | {"jobs.evaluate"},
    "jobs.tables": PARTS,
    # A cascade reads judgments and labels as an evaluation does, and each of its stages is a run of the judge job.
    "jobs.cascade": PARTS | {"jobs.evaluate", "jobs.judge"},
    # But an ablation is many trainings.
    "jobs.ablate": PARTS | {"jobs.train"},
    "doctor": PARTS | {"jobs.judge"},
    # The command line reaches every room, each only when its subcommand runs.
    "cli": PARTS | {"jobs.ingest", "jobs.judge", "doctor"},
    "quickstart": PARTS | {f"jobs.{job}" for job in ("ingest", "generate", "train", "judge", "evaluate", "promote")},
}
# The measures compute; what only shows numbers imports the catalog and the results from the room itself.
# The rooms of trust are reached by the names of each.
PUBLIC_FILES = {"judgelake.measures.families", "judgelake.trust.cascade", "judgelake.trust.corrected"}
FILES_OF_A_JOB = {"config.py", "job.py", "command.py"}
LONGEST_FILE = 320
LONGEST_FUNCTION = 60
HEAVY = ("pyspark", "vllm", "torch", "transformers", "aiohttp", "mlflow")
COMPUTING = ("numpy", "scipy", "pandas", "pyarrow")

CODE = sorted(path for folder in ("lib", "jobs", "setup", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_named(module: str) -> str:
    """The room of a module: its first folder or file, and in jobs/ the job."""
    first, *more = module.removeprefix("judgelake.").split(".")
    return ".".join([first, *more[:1]]) if first == "jobs" and more != ["__init__"] else first


def room_of(path: Path) -> str:
    return room_named(".".join(path.relative_to(PACKAGE).with_suffix("").parts))


def names_in(node: ast.stmt) -> set[str]:
    """The modules that an import statement names; none for another statement."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{ast.unparse(node)}: imports are absolute, so that a reader sees the room"
        return {node.module or ""}
    return set()


def imported_modules(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {name for node in nodes if isinstance(node, ast.stmt) for name in names_in(node)}


def rooms() -> list[str]:
    return sorted({room_of(path) for path in MODULES} - {"__init__"})


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_rooms_below_it(room):
    assert room in MAY_IMPORT, f"the new room {room!r} needs its line in MAY_IMPORT"
    allowed = MAY_IMPORT[room] | {room}
    for path in MODULES:
        if room_of(path) != room:
            continue
        inside = {room_named(name) for name in imported_modules(path) if name.startswith("judgelake.")}
        assert inside <= allowed, f"{path.relative_to(ROOT)} imports {sorted(inside - allowed)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_are_imported_by_their_public_names(path):
    for name in imported_modules(path):
        assert name != "judgelake" or path == PACKAGE / "cli" / "__init__.py", "importing the whole package ties rings"
        if not name.startswith("judgelake.") or name in PUBLIC_FILES:
            continue
        room = room_named(name)
        if name != f"judgelake.{room}":
            assert room == room_of(path), f"{path.relative_to(ROOT)} reaches past the room's names: {name}"


def test_the_asking_machine_knows_prompts_but_no_judge():
    allowed = {"Prompt", "has_thinking_marks", "opened_thinking"}
    for path in (PACKAGE / "asking").rglob("*.py"):
        nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        named = {alias.name for node in nodes if node.module == "judgelake.judges" for alias in node.names}
        assert named <= allowed, f"{path.name} imports {sorted(named - allowed)}"


@pytest.mark.parametrize("room", ["engine", "asking"])
def test_what_jobs_share_knows_the_keys_of_no_job(room):
    key = re.compile(r"\bjudge\.(?:model|adapter|revision|context_length|base)\b")
    holding = {path.name for path in (PACKAGE / room).rglob("*.py") if key.search(path.read_text("utf-8"))}
    assert holding <= {"keys.py"}, "a message names the key that its `Keys` have"


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_the_same_files(job):
    assert {path.name for path in (PACKAGE / "jobs" / job).glob("*.py")} >= FILES_OF_A_JOB


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_a_script_a_yaml_and_a_command(job):
    script = (ROOT / "jobs" / f"{job}.py").read_text("utf-8")
    commands = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert f"from judgelake.jobs.{job} import main" in script
    assert (ROOT / "conf" / f"{job}.yaml").is_file()
    assert commands[f"judgelake-{job}"] == f"judgelake.jobs.{job}:main"


def modules_imported_at_once(path: Path) -> set[str]:
    """The modules of the library that a file imports when it is loaded; names of a room's files as files."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        for name in names_in(node):
            aliases = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            files = [f"{name}.{alias}" for alias in aliases if file_of(f"{name}.{alias}") is not None]
            found |= set(files or [name])
    return {name for name in found if name.startswith("judgelake.")}


def file_of(module: str) -> Path | None:
    place = PACKAGE.parent.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def test_no_files_import_each_other_in_a_ring():
    imports = {path: {file_of(name) for name in modules_imported_at_once(path)} - {None} for path in MODULES}
    # A room's own list of names imports its files, which never import the list: only files tie rings.
    left = {path: {other for other in of if other in imports} for path, of in imports.items()}
    while free := [path for path, of in left.items() if not of & left.keys()]:
        for path in free:
            del left[path]
    assert not {str(path.relative_to(ROOT)) for path in left}


def test_the_laws_look_at_the_code():
    assert PACKAGE / "errors.py" in MODULES
    assert {"ingest", "judge", "evaluate"} <= set(JOBS)
    assert {ROOT / "jobs" / "judge.py", ROOT / "setup" / "install.py", PACKAGE / "errors.py"} <= set(CODE)
    assert Path(__file__).resolve() in tracked_files()


def names_around_the_library() -> set[str]:
    """What `import` finds beside the library in a checkout: its folders, and a script's neighbours."""
    folders = {path.name for path in ROOT.iterdir() if any(path.glob("*.py"))}
    return folders | {path.stem for path in CODE if not path.is_relative_to(PACKAGE)}


def test_the_library_imports_nothing_of_the_checkout_around_it():
    around = names_around_the_library()
    assert {"jobs", "judge", "setup", "install", "tests"} <= around
    for path in MODULES:
        found = {name.split(".")[0] for name in imported_modules(path)} & around
        assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)}, which an installed package lacks"


def test_an_import_is_seen_wherever_it_is_written(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("import jobs.judge\ndef f():\n    from setup import install\n    import a as b, c\n", "utf-8")
    assert imported_modules(path) == {"jobs.judge", "setup", "a", "c"}


def attributes_in(path: Path) -> set[str]:
    return {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}


def test_every_command_starts_and_ends_in_one_place():
    parsing = [path.relative_to(PACKAGE).as_posix() for path in MODULES if "parse_args" in attributes_in(path)]
    assert parsing == ["runtime/command.py"]


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


# Where a function hides the module of its name: `room.parse` is one or the other, by the order of the imports.
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_function_is_named_as_its_module(path):
    tree = ast.parse(path.read_text("utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert path.stem not in functions


def modules_loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(answer.stdout.split())


LIGHT = [
    *("comparisons", "api", "judges", "measures", "trust", "trust.cascade", "trust.corrected", "training", "trainer"),
    "report",
    "sources",
    "generation",
    "config",
    "cli",
]


@pytest.mark.parametrize("room", LIGHT)
def test_light_rooms_can_be_imported_without_spark_or_vllm(room):
    assert not modules_loaded_by(f"import judgelake.{room}") & set(HEAVY)


def test_measures_know_no_spark():
    files = [path.relative_to(PACKAGE.parent).with_suffix("") for path in (PACKAGE / "measures").rglob("[a-z]*.py")]
    measures = sorted(".".join(file.parts) for file in files)
    assert "judgelake.measures.pairwise" in measures
    assert not modules_loaded_by(f"import {', '.join(measures)}, judgelake.trust.cascade") & set(HEAVY)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("import judgelake.measures.catalog, judgelake.measures.result", id="catalog and result"),
        pytest.param(
            "from datetime import datetime; from judgelake.report import ReportContent, Rules, render_page; "
            "assert render_page(ReportContent('run', datetime.now(), Rules((), 'left_out', 'majority')))",
            id="a written report",
        ),
    ],
)
def test_what_shows_numbers_loads_nothing_that_computes_them(statement):
    assert not modules_loaded_by(statement) & {*HEAVY, *COMPUTING}


ROOMS_IMPORTED = [room for room in rooms() if room != "quickstart"]
# Loaded in a trainer's process alone, and by no room when it is imported.
OF_A_TRAINER = {"torch", "transformers", "peft"}
# A process and an empty folder for every room; what the rooms take from others is loaded once, before they part.
IMPORT_EACH = """
import importlib, os, sys
rooms, others = (names.split() for names in sys.argv[1:])
for name in others:
    importlib.import_module(name)
for room in rooms:
    if os.fork() == 0:
        os.mkdir(room)
        os.chdir(room)
        for number, kind in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"../{room}.{kind}", os.O_WRONLY | os.O_CREAT), number)
        importlib.import_module(f"judgelake.{room}")
        print(end="", flush=True)
        # Taking down all that was loaded would take longer than the import.
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def imported_from_others() -> set[str]:
    """What the rooms import at once from other packages and the standard library."""
    at_once = (node for path in MODULES for node in ast.parse(path.read_text("utf-8")).body)
    names = {name for node in at_once for name in names_in(node)}
    return {name for name in names if name and name.partition(".")[0] not in {"judgelake", *OF_A_TRAINER}}


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Callable[[str], tuple[int, str, list[Path], str]]:
    """What importing a room came to: exit code, output, the files it made, and errors."""
    folder = tmp_path_factory.mktemp("imported")
    command = [sys.executable, "-uc", IMPORT_EACH, " ".join(ROOMS_IMPORTED), " ".join(imported_from_others())]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300)
    codes = dict(zip(ROOMS_IMPORTED, map(int, answer.stdout.split()), strict=True))

    def of(room: str) -> tuple[int, str, list[Path], str]:
        out, err = ((folder / f"{room}.{kind}").read_text("utf-8") for kind in ("out", "err"))
        return codes[room], out, list((folder / room).iterdir()), err

    return of


@pytest.mark.parametrize("room", ROOMS_IMPORTED)
def test_importing_a_room_says_and_makes_nothing(room, imported):
    code, out, made, err = imported(room)
    assert (code, out, made) == (0, "", []), err


def tracked_paths() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode != 0:
        pytest.skip("not a git checkout, so there is no list of the project's files")
    return [ROOT / name for name in answer.stdout.split("\0") if name]


def tracked_files() -> list[Path]:
    return [path for path in tracked_paths() if path.is_file()]


def test_no_file_is_a_link():
    assert [path for path in tracked_paths() if path.is_symlink()] == []


# Spelled in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:" + "wo" + "rk|ro" + "ot|ho" + r"me)/[a-z]",
    "the address of a package index": "|".join(("py" + r"pi\.org", "pythonho" + r"sted\.org", "index" + "-url =")),
    "a work note": "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX\\b")),
}


FOUND = {
    "a path of one machine": 'open("/ho' + 'me/me/x")',
    "the address of a package index": "https://py" + "pi.org/simple",
    "a work note": "# TO" + "DO: later",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    pattern = re.compile(FORBIDDEN[what])
    assert pattern.search(FOUND[what])
    found = []
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()!r}" for match in pattern.finditer(text)]
    assert not found


def test_what_a_client_of_spark_connect_lacks_is_used_in_two_places_only():
    """There is no SparkContext on Databricks serverless and standard compute."""
    using = {str(path.relative_to(PACKAGE)) for path in MODULES if "sparkContext" in path.read_text("utf-8")}
    assert using == {"runtime/session.py", "runtime/threads.py"}


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_the_pinned_requirements_name_no_index_and_no_machine(name):
    lines = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
    assert {"pyspark", "pydantic"} <= {line.partition("==")[0] for line in lines}
    for line in lines:
        assert re.match(r"[a-z0-9._-]+==\S+( ; .+)?$", line), f"{line!r} is not a plain pin"


def test_every_file_of_pins_is_looked_at():
    assert {path.name for path in (ROOT / "requirements").iterdir()} == {"cpu.txt", "gpu.txt"}
