"""conf/ablate.yaml is an ablation, and what makes none is refused with its place."""

from __future__ import annotations

import pytest
import yaml

from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.ablate import AblateJob
from judgelake.jobs.ablate.config import training_of


@pytest.fixture
def path(root):
    return root / "conf" / "ablate.yaml"


def test_the_config_names_every_key_with_its_default(path):
    content = yaml.safe_load(path.read_text("utf-8"))
    assert {*content} == {*AblateJob.model_fields}
    job = load_config(AblateJob, path)
    assert job == AblateJob(train=job.train, cells=job.cells, baseline=job.baseline)


def test_a_cell_is_the_training_with_its_changes_its_seed_and_a_folder_of_its_own(path):
    job = load_config(AblateJob, path)
    trainings = {(cell, seed): training_of(job, cell, seed) for cell in job.cells for seed in job.seeds}
    assert len({training.output for training in trainings.values()}) == len(trainings) == 15
    assert trainings["all", 2].recipe.seed == 2
    assert (trainings["all", 0].rows.swap, trainings["all", 0].rows.reference) == (0.5, 0.5)
    assert (trainings["swap", 0].rows.swap, trainings["swap", 0].rows.reference) == (0.5, 0.0)
    assert trainings["baseline", 1].rows.swap == 0.0
    assert trainings["baseline", 1].examples.validation == 200
    # A cell changes nothing of the others.
    assert job.train["rows"]["swap"] == 0.0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["baseline=none"], "'none' is none of the cells baseline, swap"),
        (["seeds=[0, 1]"], "expected one, or at least 3"),
        (["seeds=[0, 0, 1]"], "one is listed twice"),
        (["seeds=[]"], "expected one, or at least 3"),
        (["cells={a: {}, A: {}}", "baseline=a"], "differ only by capitals"),
        (["cells={../a: {}}", "baseline=../a"], "pattern"),
        (["cells={a+b: {}}", "baseline=a+b"], "pattern"),
    ],
)
def test_what_makes_no_ablation_is_refused(path, settings, expected):
    with pytest.raises(UserError, match=expected):
        load_config(AblateJob, path, settings)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("{baseline: {rows.swop: 1}}", r"cell 'baseline': unknown key 'rows\.swop'\. Did you mean 'swap'"),
        ("{baseline: {recipe.seed: 7}}", r"recipe\.seed of cell 'baseline' is set by the ablation"),
        ("{baseline: {output: elsewhere}}", "output of cell 'baseline' is set by the ablation"),
        (
            "{baseline: {judge.name.first: 1}}",
            r"'judge\.name\.first' of cell 'baseline': 'name' is a value, not a group",
        ),
    ],
)
def test_a_cell_that_is_no_training_is_named(path, cells, expected):
    job = load_config(AblateJob, path, [f"cells={cells}"])
    with pytest.raises(UserError, match=expected):
        training_of(job, "baseline", 0)


def test_a_cell_that_changes_a_whole_group_is_trained_with_every_seed(path):
    job = load_config(AblateJob, path, ["cells={baseline: {}, some: {examples: {limit: 9}}}"])
    of_cell = [training_of(job, "some", seed) for seed in job.seeds]
    assert {(one.examples.limit, one.examples.validation) for one in of_cell} == {(9, 200)}
    assert job.cells["some"] == {"examples": {"limit": 9}}
