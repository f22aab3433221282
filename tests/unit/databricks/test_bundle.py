"""databricks.yml and resources/: the schema of Databricks, and that all they name exists here."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from bundle import BUNDLE, DASHBOARD, INCLUDED, REPO, datasets, filled, of_target, tasks, whole_bundle

from judgelake.config import Tables, load_config, load_tables
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.generate import GenerateJob
from judgelake.jobs.ingest import IngestJob
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.promote import PromoteJob
from judgelake.lake.description import described
from judgelake.runtime.session import LEAST_SPARK

SCHEMA = REPO.parent / "shared" / "reference" / "databricks_bundle_schema.json"
TARGETS = ("dev", "prod")
MODELS: dict[str, Any] = {
    "judgelake-judge": JudgeJob,
    "judgelake-ingest": IngestJob,
    "judgelake-evaluate": EvaluateJob,
    "judgelake-generate": GenerateJob,
    "judgelake-promote": PromoteJob,
}
# Source: "Databricks Runtime release notes versions and compatibility".
SPARK_OF_RUNTIME = {"17.3": (4, 0), "18": (4, 1), "19": (4, 2)}
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA.relative_to(REPO.parent)} is not here: `databricks bundle schema` prints it")
    text = SCHEMA.read_text("utf-8")
    # Classes of letters and digits that Python's regular expressions do not have.
    text = text.replace(r"[\\p{L}\\p{N}]", r"[^\\W_]").replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d")
    return jsonschema.Draft202012Validator(json.loads(text))


def mistakes(validator: jsonschema.Draft202012Validator, bundle: dict[str, Any]) -> list[str]:
    found = (jsonschema.exceptions.best_match([error]) for error in validator.iter_errors(bundle))
    return [f"{error.json_path}: {error.message[:200]}" for error in found if error is not None]


def test_the_bundle_has_the_form_that_databricks_asks_for(validator):
    assert mistakes(validator, whole_bundle()) == []


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_laid_over_it_has_that_form_too(validator, target):
    bundle = of_target(target)
    assert mistakes(validator, bundle) == []
    assert set(whole_bundle()["targets"]) == set(TARGETS)


def test_a_wrong_key_would_be_found(validator):
    bundle = whole_bundle()
    bundle["resources"]["jobs"]["judge"]["tasks"][0]["python_wheel_task"]["entrypoint"] = "x"
    assert mistakes(validator, bundle)


@pytest.mark.parametrize("target", TARGETS)
def test_each_reference_names_a_variable_or_a_resource(target):
    assert "${" not in json.dumps(filled(of_target(target)["resources"], of_target(target), target))


@pytest.mark.parametrize("path", [BUNDLE, DASHBOARD, *INCLUDED], ids=lambda path: path.name)
def test_nobody_and_no_workspace_is_named(path):
    text = path.read_text("utf-8")
    assert not re.search(r"https?://|[\w.]+@[\w-]+\.\w+|user_name|/Users/", text)


WHEEL_TASKS = {
    name: task["python_wheel_task"] for name, task in tasks(of_target("dev")).items() if "run_job_task" not in task
}


def test_each_job_has_its_tasks():
    of_generate = {f"generate/{task}" for task in ("answers", "teacher", "examples")}
    others = {"ingest/create_tables", "ingest/ingest", "judge/judge", "evaluate/evaluate", "promote/promote"}
    assert set(WHEEL_TASKS) == others | of_generate


@pytest.mark.parametrize("name", WHEEL_TASKS)
def test_each_task_is_a_command_that_understands_its_arguments(name):
    bundle = of_target("dev")
    task = filled(WHEEL_TASKS[name], bundle)
    assert task["package_name"] == PROJECT["name"]
    assert task["entry_point"] in PROJECT["scripts"]
    arguments = task["parameters"]
    overrides = [value for option, value in pairwise(arguments) if option == "--set"]
    module, _, function = PROJECT["scripts"][task["entry_point"]].partition(":")
    parsed = getattr(import_module(module), function).__globals__["_parser"]().parse_args(arguments)
    assert parsed.set == overrides
    model = MODELS.get(task["entry_point"])
    # The teacher's own file, in a volume, names its judge.
    overrides += ["judge.name=chat"] if name == "generate/teacher" else []
    tables = load_tables(None, overrides) if model is None else load_config(model, None, overrides).tables
    expected = {field: f"main.judgelake.{field}" for field in Tables.model_fields}
    expected |= {"comparisons": "main.judgelake.generated_comparisons"} if name == "generate/teacher" else {}
    assert tables.model_dump() == {**expected, "warehouse": None}


def test_all_tasks_name_the_tables_alike():
    named = {
        name: [item for item in task["parameters"] if item.startswith("tables=")] for name, task in WHEEL_TASKS.items()
    }
    assert len({tuple(items) for items in named.values()}) == 1


@pytest.mark.parametrize("job", ["judge", "generate"])
def test_the_settings_of_the_gpu_cluster_are_those_with_their_reasons(job):
    lines = (REPO / "conf" / "spark" / "databricks.conf").read_text("utf-8").splitlines()
    conf = dict(line.split(None, 1) for line in lines if line.strip() and not line.startswith("#"))
    (cluster,) = whole_bundle()["resources"]["jobs"][job]["job_clusters"]
    assert cluster["new_cluster"]["spark_conf"] == conf
    # Standard access mode has no GPUs.
    assert cluster["new_cluster"]["data_security_mode"] == "SINGLE_USER"


def test_the_runtime_has_gpus_and_a_spark_that_is_new_enough():
    runtime = whole_bundle()["variables"]["runtime"]["default"]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\.x-gpu-ml-scala2\.13", runtime)
    assert match, runtime
    assert SPARK_OF_RUNTIME[match[1]] >= LEAST_SPARK


def test_packages_have_the_versions_of_pyproject():
    pinned = PROJECT["optional-dependencies"]
    resources = whole_bundle()["resources"]["jobs"]
    for task in (task for job in ("judge", "generate") for task in resources[job]["tasks"] if "libraries" in task):
        packages = [library["pypi"]["package"] for library in task["libraries"] if "pypi" in library]
        assert packages == pinned["gpu"]
    for job in ("ingest", "evaluate", "promote"):
        (environment,) = resources[job]["environments"]
        wheel, *others = environment["spec"]["dependencies"]
        assert wheel == "../dist/*.whl"
        assert set(others) <= set(pinned["spark"])


def test_named_files_exist():
    bundle = whole_bundle()
    assert all(list(REPO.glob(pattern)) for pattern in bundle["include"])
    for dashboard in bundle["resources"]["dashboards"].values():
        assert (REPO / "resources" / dashboard["file_path"]).is_file()


QUERIES = {
    **{f"dashboard {name}": query for name, query in datasets().items()},
    **{
        f"alert {name}": filled(alert["query_text"], of_target("dev"))
        for name, alert in whole_bundle()["resources"]["alerts"].items()
    },
}
WORDS = frozenset(
    (
        *("select", "from", "where", "and", "or", "not", "in", "is", "null", "as", "by", "order", "group", "limit"),
        *("desc", "asc", "nulls", "last", "first", "over", "partition", "qualify", "interval", "days", "all"),
        *("row_number", "count", "concat", "date_trunc", "array", "array_position", "current_timestamp"),
    )
)


def columns_made(query: str) -> set[str]:
    return set(re.findall(r"\bAS (\w+)", query))


@pytest.mark.parametrize("name", QUERIES)
def test_each_table_and_column_of_a_query_is_in_our_ddl(name):
    query = re.sub(r"'[^']*'", "''", QUERIES[name])
    (table,) = re.findall(r"\bFROM (?:main\.judgelake\.)?(\w+)", query)
    columns = {column.name for column in described(table).columns}
    used = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\bFROM [\w.]+", "", query)))
    used = {word for word in used if word.lower() not in WORDS} - columns_made(query)
    assert used
    assert used <= columns


@pytest.mark.parametrize("name", whole_bundle()["resources"]["alerts"])
def test_an_alert_watches_a_column_of_its_query(name):
    alert = whole_bundle()["resources"]["alerts"][name]
    selected = re.search(r"SELECT (.*?)\s+FROM", alert["query_text"], re.DOTALL)
    assert selected is not None
    assert alert["evaluation"]["source"]["name"] in re.split(r",\s*", selected[1])


def test_widgets_show_columns_of_their_datasets_and_never_html():
    content = json.loads(DASHBOARD.read_text("utf-8"))
    widgets = [item["widget"] for page in content["pages"] for item in page["layout"]]
    assert {widget["queries"][0]["query"]["datasetName"] for widget in widgets} == set(datasets())
    for widget in widgets:
        query = datasets()[widget["queries"][0]["query"]["datasetName"]]
        made = set(re.findall(r"\w+", query.partition("FROM")[0]))
        asked = {field["name"] for field in widget["queries"][0]["query"]["fields"]}
        encodings = widget["spec"]["encodings"]
        shown = encodings["columns"] if "columns" in encodings else encodings.values()
        assert asked == {one["fieldName"] for one in shown}
        assert asked <= made
        # Judged answers are shown here, and may hold HTML.
        assert not any(column["allowHTML"] for column in encodings.get("columns", ()))
