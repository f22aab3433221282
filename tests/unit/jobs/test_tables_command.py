"""`jobs/tables.py maintain`: in which tables, and where, it looks for answers that no run takes any more."""

import pytest

from judgelake.errors import UserError
from judgelake.jobs import tables
from judgelake.lake.upkeep import Maintained


@pytest.fixture
def looked(monkeypatch):
    """Where the command has looked for old answers; of Spark and the lake only the names are there."""
    places = []

    def drop(spark, table, staging, older_than_s):
        places.append((table, staging, older_than_s))
        if table == "answers":
            raise UserError("The answers cannot be looked through.")
        return 2

    names = ("judgments", "labels", "answers")
    monkeypatch.setattr(tables, "get_spark", lambda *names, **settings: None)
    monkeypatch.setattr(tables, "stop_spark", lambda spark: None)
    monkeypatch.setattr(tables, "check_log_store", lambda *names: None)
    monkeypatch.setattr(tables, "drop_stale_plans", lambda spark, tables: ())
    monkeypatch.setattr(tables, "maintain", lambda *names_, **settings: [Maintained(name, 2, 1) for name in names])
    monkeypatch.setattr(tables, "drop_old_answers", drop)
    return places


CONFIG = "judge: {name: chat}\nmodels: []\nasking: {staging: /file}\ntables: {generated_answers: answers}\n"


@pytest.mark.parametrize(
    ("overrides", "staging"),
    [
        pytest.param([], "/file", id="of the file"),
        pytest.param(["--set", "asking.staging=/line"], "/line", id="of the command line"),
    ],
)
def test_old_answers_are_looked_for_in_every_table_that_is_asked_for(overrides, staging, looked, tmp_path, capsys):
    path = tmp_path / "job.yaml"
    path.write_text(CONFIG, "utf-8")
    assert tables.main(["maintain", "--config", str(path), "--retain-hours", "200", *overrides]) == 0
    assert looked == [("judgments", staging, 720_000), ("answers", staging, 720_000)]
    told = capsys.readouterr()
    assert "judgments: deleted answers of 2 chunks that no run had taken for 200 hours" in told.out
    assert "cannot be looked through" in told.err
