"""What people write in a YAML file or after --set: read, put together, and refused with the key's path."""

import pytest

from judgelake.config import JudgeJob, Tables, fingerprint, load_config, load_tables
from judgelake.errors import UserError

JUDGE = "judge.name=chat"

REFUSED = [
    pytest.param("judge: {name: chat, mod: pair}", r"unknown key 'judge\.mod': did you mean 'mode'", id="a typo"),
    pytest.param("judge: {name: chat}\nengin: {}", "unknown key 'engin': did you mean 'engine'", id="a group's typo"),
    pytest.param("judge: {name: chat}\ntables: foo", "tables: .*'foo'", id="text for a group"),
    pytest.param("judge: {name: chat}\ntables: [a]", "tables: ", id="a list for a group"),
    pytest.param("judge: {name: chat}\nengine: {timeout_s: .inf}", r"engine\.timeout_s: .*finite", id="infinity"),
    pytest.param("judge: {name: chat}\nengine: {timeout_s: .nan}", r"engine\.timeout_s: ", id="not a number"),
    pytest.param(
        "judge: {name: chat}\nasking: {chunk_requests: many}", r"asking\.chunk_requests: .*'many'", id="words"
    ),
    pytest.param("judge: {name: chat}\norder: {orders: BOTH}", r"order\.orders: .*'both'", id="no such choice"),
    pytest.param("- judge", "must hold a mapping", id="a list"),
    pytest.param("judge: {name: chat", "not valid YAML", id="not YAML"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_wrong_is_refused_with_its_path(tmp_path, text, message):
    path = tmp_path / "judge.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_config(JudgeJob, path)


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
