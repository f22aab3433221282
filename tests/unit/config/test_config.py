"""What people write in a YAML file or after --set: read, put together, and refused with the key's path."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from judgelake import jobs
from judgelake.config import Config, Tables, fingerprint, load_config, load_tables, read_yaml
from judgelake.errors import UserError
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.judge import JudgeJob

JUDGE = "judge.name=chat"

REFUSED = [
    pytest.param("judge: {name: chat, mod: pair}", r"unknown key 'judge\.mod'\. Did you mean 'mode'", id="a typo"),
    pytest.param("judge: {name: chat}\nengin: {}", "unknown key 'engin'. Did you mean 'engine'", id="a group's typo"),
    pytest.param("judge: {name: chat}\ntables: foo", "tables: .*'foo'", id="text for a group"),
    pytest.param("judge: {name: chat}\ntables: [a]", "tables: ", id="a list for a group"),
    pytest.param("judge: {name: chat}\nengine: {timeout_s: .inf}", r"engine\.timeout_s: .*finite", id="infinity"),
    pytest.param("judge: {name: chat}\nengine: {timeout_s: .nan}", r"engine\.timeout_s: ", id="not a number"),
    pytest.param(
        "judge: {name: chat}\nasking: {chunk_requests: many}", r"asking\.chunk_requests: .*'many'", id="words"
    ),
    pytest.param("judge: {name: chat}\norder: {orders: BOTH}", r"order\.orders: .*'both'", id="no such choice"),
    pytest.param(
        "judge: {name: chat}\norder: {both_share: 0.2}",
        r"order: both_share is only for orders: mixed, and orders is both: change one of them$",
        id="a share of nothing",
    ),
    pytest.param(
        "judge: {name: chat}\norder: {orders: mixed, both_share: 1.5}",
        r"order\.both_share: .*less than or equal to 1 \(found 1\.5\)",
        id="more than all",
    ),
    pytest.param(
        "judge: {name: chat}\norder: {orders: mixed, both_share: -0.1}", r"order\.both_share: .*0", id="less than none"
    ),
    pytest.param(
        "judge: {name: chat}\norder: {repeats: true}", r"order\.repeats: .*integer \(found true\)", id="a bool"
    ),
    pytest.param("judge: {name: chat}\ninput: {version: true}", r"input\.version: .*\(found true\)", id="or null"),
    pytest.param(
        "judge: {name: chat}\nasking: {max_failed_share: true}",
        r"max_failed_share: .*number \(found true\)",
        id="float",
    ),
    pytest.param("judge: {name: chat}\norder: {repeats: '3'}", r"order\.repeats: .*\(found '3'\)", id="text"),
    pytest.param("judge: {name: chat}\norder: {repeats: 3.0}", r"order\.repeats: .*\(found 3.0\)", id="a fraction"),
    pytest.param("judge: {name: chat}\nengine: {timeout_s: '60'}", r"engine\.timeout_s: ", id="text for a float"),
    pytest.param("judge: {name: chat}\nmlflow: {enabled: 1}", r"mlflow\.enabled: .*\(found 1\)", id="1 for true"),
    pytest.param("judge: {name: chat}\nmlflow: {enabled: 'yes'}", r"mlflow\.enabled: .*'yes'", id="text for true"),
    pytest.param("judge: {name: 7}", r"judge\.name: .*string \(found 7\)", id="a number for text"),
    pytest.param("judge: {name: chat, max_tokens: 010}", r"judge\.max_tokens: .*\(found '010'\)", id="octal"),
    pytest.param("judge: {name: chat, max_tokens: 1:30}", r"judge\.max_tokens: .*\(found '1:30'\)", id="base 60"),
    pytest.param("judge: {name: chat, max_tokens: null}\norder: null", r"order: ", id="null for a group"),
    pytest.param("order: {repeats: 2}", r"judge\.yaml: judge: Field required$", id="nothing else is repeated"),
    pytest.param(
        "judge: {name: chat, mode: [pair]}", r"mode: Input should be a valid string$", id="no list is repeated"
    ),
    pytest.param(f"judge: {{name: chat}}\norder: {{orders: {'A' * 500}}}", r"'A{60}\.\.\.'\)$", id="long"),
    pytest.param("- judge", "must contain a mapping", id="a list"),
    pytest.param("judge: {name: chat", "not valid YAML", id="not YAML"),
    pytest.param(
        "judge:\n  name: chat\n mode: x\n", "not valid YAML: line 3, column 2: expected", id="indented wrongly"
    ),
    pytest.param("judge: {name: chat, modle: x}", r"'judge\.modle'\. Did you mean 'model'\?$", id="swapped letters"),
    pytest.param("judge: {name: 2026-13-01}", "not valid YAML", id="no day of any year"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_wrong_is_refused_with_its_path(tmp_path, text, message):
    path = tmp_path / "judge.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_config(JudgeJob, path)


def test_the_known_keys_are_listed_once_however_many_are_wrong(tmp_path):
    path = tmp_path / "judge.yaml"
    path.write_text("judge: {name: chat}\nxx: 1\nyy: 2\nzz: 3\norder: {xx: 4}")
    with pytest.raises(UserError) as refused:
        load_config(JudgeJob, path)
    assert str(refused.value).count("Expected one of") == 2
    assert "; unknown key 'yy'; unknown key 'zz'" in str(refused.value)


def test_an_absent_config_is_named_once(tmp_path):
    with pytest.raises(
        UserError, match=r"^Cannot read the config '[^']*': No such file or directory\. Name"
    ) as refused:
        load_config(JudgeJob, tmp_path / "nothere.yaml")
    assert str(refused.value).count("nothere.yaml") == 1


def test_an_address_with_a_password_is_refused_without_repeating_it():
    with pytest.raises(UserError, match=r"engine\.url: .*api_key_env") as refused:
        load_config(JudgeJob, None, [JUDGE, "engine.url=https://me:pa55word@judge.example/v1"])
    assert "pa55word" not in str(refused.value)


def test_a_file_gives_way_to_the_environment_and_that_to_the_command_line(tmp_path, monkeypatch):
    path = tmp_path / "judge.yaml"
    path.write_text("judge: {name: chat}\ntables: {warehouse: file, judgments: file, labels: file}")
    monkeypatch.setenv("JUDGELAKE_WAREHOUSE", "environment")
    monkeypatch.setenv("JUDGELAKE_JUDGMENTS", "environment")
    tables = load_config(JudgeJob, path, ["tables.warehouse=line"]).tables
    assert (tables.warehouse, tables.judgments, tables.labels) == ("line", "environment", "file")
    assert load_tables(path, ["tables.warehouse=line"]) == tables


def test_no_group_of_tables_is_the_default_tables(tmp_path, monkeypatch):
    for name in Tables.model_fields:
        monkeypatch.delenv(f"JUDGELAKE_{name.upper()}", raising=False)
    path = tmp_path / "judge.yaml"
    path.write_text("judge: {name: chat}\ntables: null")
    assert load_config(JudgeJob, path).tables == Tables()


def test_the_fingerprint_of_a_config_depends_on_its_values_alone():
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def config(tmp_path, text, *settings):
    path = tmp_path / "judge.yaml"
    path.write_text(text)
    return load_config(JudgeJob, path, settings)


def test_numbers_are_read_as_people_write_them(tmp_path):
    job = config(tmp_path, "judge: {name: chat, max_tokens: 1_000}\nengine: {timeout_s: 1e3, start_timeout_s: 0.5}")
    assert (job.judge.max_tokens, job.engine.timeout_s, job.engine.start_timeout_s) == (1000, 1000.0, 0.5)
    job = config(
        tmp_path, "judge: {name: chat, revision: 0123456}\nasking: {max_failed_share: 0}\nengine: {timeout_s: 5}"
    )
    assert (job.judge.revision, job.asking.max_failed_share) == ("0123456", 0.0)
    assert isinstance(job.asking.max_failed_share, float)
    assert isinstance(job.engine.timeout_s, float)


def test_options_of_the_engine_keep_their_kind(tmp_path):
    text = "judge: {name: chat}\nengine: {options: {a: true, b: 1, c: 1.0, d: '1', e: null}}"
    options = config(tmp_path, text).engine.options
    assert [(value, type(value)) for value in options.values()] == [
        (True, bool), (1, int), (1.0, float), ("1", str), (None, type(None)),
    ]  # fmt: skip


def test_choices_and_lists_stay_what_yaml_can_write():
    changes = ["swap_rules=[both_right, first]", "labels.labelers=[me]", "failure_rule=tie", "failure_score=5"]
    job = load_config(EvaluateJob, None, changes)
    assert [str(rule) for rule in job.swap_rules] == ["both_right", "first"]
    assert (job.labels.labelers, job.failure_score) == (("me",), 5.0)
    with pytest.raises(UserError, match=r"buckets: .*\(found true\)"):
        load_config(EvaluateJob, None, ["buckets=true"])


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("replicates", "replicates is not a key any more: intervals come from leaving out buckets of questions"),
        ("seed", "seed is not a key any more: nothing is random any more: remove it"),
    ],
)
def test_a_key_of_an_earlier_version_is_refused_with_what_to_do(key, advice):
    with pytest.raises(UserError, match=advice):
        load_config(EvaluateJob, None, [f"{key}=100"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("swap_rules=[first, strict, first]", r"^--set swap_rules: 'first' is listed twice$"),
        ("slices.by=[source, turns, source]", r"^--set slices\.by: 'source' is listed twice$"),
        ("slices={by: [turns, turns]}", r"^--set slices: slices\.by: 'turns' is listed twice$"),
    ],
)
def test_what_would_be_counted_twice_is_refused_with_its_path(setting, message):
    with pytest.raises(UserError, match=message):
        load_config(EvaluateJob, None, [setting])


def keys_not_in(given: dict[str, Any], model: type[Config], group: str = "") -> Iterator[str]:
    """The keys of a config that a YAML file does not name; of `tables` a file names only those that its job uses."""
    for key, field in model.model_fields.items():
        if key not in given:
            yield group + key
        elif key != "tables" and isinstance(field.annotation, type) and issubclass(field.annotation, Config):
            yield from keys_not_in(given[key], field.annotation, f"{group}{key}.")


JOBS = sorted(path.parent.name for path in Path(jobs.__file__).parent.glob("*/config.py"))


@pytest.mark.parametrize("name", JOBS)
def test_the_shipped_files_load_and_hold_the_defaults(root, name, monkeypatch):
    model = getattr(import_module(f"judgelake.jobs.{name}"), f"{name.capitalize()}Job")
    for table in Tables.model_fields:
        monkeypatch.delenv(f"JUDGELAKE_{table.upper()}", raising=False)
    path = root / "conf" / f"{name}.yaml"
    job = load_config(model, path)
    named = {key: getattr(job, key) for key, field in model.model_fields.items() if field.is_required()}
    assert job == model(**named)
    given = read_yaml(path)
    assert set(given) == set(model.model_fields), "every key of the file is commented there, and every key is there"
    assert not [*keys_not_in(given, model)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            ["judge.mdoe=pair"], r"^--set judge\.mdoe: unknown key 'judge\.mdoe'\. Did you mean 'mode'\?$", id="a typo"
        ),
        pytest.param(["order.repeats=true"], r"^--set order\.repeats: Input .*true\)$", id="a value"),
        pytest.param(["order=both"], r"^--set order: Input should be", id="a whole group"),
        pytest.param(
            ["engin.url=x"], r"^--set engin\.url: unknown key 'engin'\. Did you mean 'engine'", id="a new group"
        ),
        pytest.param(["judge.max_tokens=010"], r"^--set judge\.max_tokens: .*'010'", id="octal"),
        pytest.param(["input.limit=5"], r"judge\.yaml: order\.repeats: [^;]*$", id="the file's own"),
        pytest.param(
            ["judge.mdoe=pair"],
            r"^--set judge\.mdoe: unknown[^;]*; .*judge\.yaml: order\.repeats: [^;]*$",
            id="one of each",
        ),
    ],
)
def test_a_mistake_is_told_with_the_place_it_was_written_at(tmp_path, settings, message):
    is_faulty_file = "yaml" in message
    text = "judge: {name: chat}" + ("\norder: {repeats: no}" if is_faulty_file else "")
    with pytest.raises(UserError, match=message):
        config(tmp_path, text, *settings)


@pytest.mark.parametrize("settings", [[], ["order.repeats=2"], ["judge.mode=single"]])
def test_without_a_config_what_is_needed_is_said(settings, monkeypatch):
    with pytest.raises(UserError) as error:
        load_config(JudgeJob, None, settings)
    needed = "judge.name" if "judge.mode=single" in settings else "judge"
    assert str(error.value) == f"{needed} is missing: name a file with --config, or give --set judge.name=NAME."


def test_a_mistake_on_the_command_line_is_told_without_a_config():
    with pytest.raises(UserError, match=r"^--set judge\.mdoe: unknown key 'judge\.mdoe'\. Did you mean 'mode'\?$"):
        load_config(JudgeJob, None, [JUDGE, "judge.mdoe=pair"])


def test_tables_are_named_by_config_and_environment_alike(monkeypatch):
    monkeypatch.setenv("JUDGELAKE_JUDGMENTS", "mine.judgments")
    assert load_tables(None) == Tables(judgments="mine.judgments")
    assert load_tables(None, ["tables.judgments=other"]).judgments == "other"
