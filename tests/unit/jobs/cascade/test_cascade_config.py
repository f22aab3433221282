"""conf/cascade.yaml is a cascade, and what makes none is refused with its place."""

from __future__ import annotations

import pytest
import yaml

from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.cascade import CascadeJob, Stage, main


@pytest.fixture
def path(root):
    return root / "conf" / "cascade.yaml"


def test_the_config_names_every_key_with_its_default(path):
    content = yaml.safe_load(path.read_text("utf-8"))
    assert {*content} == {*CascadeJob.model_fields}
    assert all({*stage} == {*Stage.model_fields} for stage in content["stages"])
    assert load_config(CascadeJob, path) == CascadeJob(stages=(Stage(judge="small"), Stage(judge="large")))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["risk.alpha=0"], r"risk\.alpha"),
        (["risk.alpha=1.0"], r"risk\.alpha"),
        (["risk.delta=1.5"], r"risk\.delta"),
        (["stages=[]"], "stages"),
        (["stages=[{judge: a}, {judge: a}]"], "the judge 'a' is listed twice"),
        (["stages=[{judge: a, cost: 1}, {judge: b}]"], "give the cost of each stage in one unit, or of none"),
        (["stages=[{judge: a, delta_share: 0}]"], "delta_share"),
        (["budget={share: 0.5, cost: 2}"], "set share or cost, not both"),
        (["labels.rule=each"], "set labels.rule to majority, unanimous or mean"),
    ],
)
def test_what_makes_no_cascade_is_refused(path, settings, expected):
    with pytest.raises(UserError, match=expected):
        load_config(CascadeJob, path, settings)


def test_the_command_reports_a_mistake_before_spark_starts(path, capsys):
    assert main(["--config", str(path), "--set", "risk.alpha=2"]) == 2
    assert "risk.alpha" in capsys.readouterr().err
