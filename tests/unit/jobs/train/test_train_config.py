"""conf/train.yaml holds every key with its default, and every recipe is a config of the job."""

from __future__ import annotations

import pytest
import yaml
from pydantic import BaseModel

from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.train import TrainJob


def keys_of(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        is_group = isinstance(kind, type) and issubclass(kind, BaseModel)
        found |= keys_of(kind, f"{prefix}{name}.") if is_group else {prefix + name}
    return found


def written(values: dict, prefix: str = "") -> set[str]:
    found = set()
    for name, value in values.items():
        found |= written(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_the_config_names_every_key_with_its_default(root):
    path = root / "conf" / "train.yaml"
    assert written(yaml.safe_load(path.read_text("utf-8"))) == keys_of(TrainJob)
    job = load_config(TrainJob, path)
    assert job == TrainJob(judge=job.judge)


RECIPES = ("judgelm", "lora", "cpu-small", "dpo")


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_a_config_of_the_job(root, name):
    job = load_config(TrainJob, root / "conf" / "train" / f"{name}.yaml")
    assert job.recipe.batch_rows % (job.recipe.rows_at_once * job.processes) == 0
    assert {path.stem for path in (root / "conf" / "train").iterdir()} == {*RECIPES}


def test_judgelm_is_trained_as_published(root):
    job = load_config(TrainJob, root / "conf" / "train" / "judgelm.yaml")
    recipe, rows = job.recipe, job.rows
    assert (recipe.batch_rows, recipe.learning_rate, recipe.epochs) == (128, 2e-5, 3)
    assert (recipe.warm_up, recipe.schedule, recipe.weight_decay) == (0.03, "cosine", 0)
    assert (rows.max_tokens, rows.swap, rows.reference, rows.style) == (2048, 0.5, 0.5, "verdict_first")
    assert recipe.lora is None


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("rows.swap=1.5", "rows.swap"),
        ("recipe.batch_rows=0", "recipe.batch_rows"),
        ("recipe.lora={rank: 0}", "recipe.lora"),
        ("rows.style=guess", "rows.style"),
        ("mlflow.register_as=a/b", "mlflow.register_as"),
        ("recipe.learn_rate=1", "unknown key"),
    ],
)
def test_a_wrong_key_or_value_is_named(root, setting, expected):
    with pytest.raises(UserError, match=expected):
        load_config(TrainJob, root / "conf" / "train.yaml", [setting])


ADAPTER = ["recipe.lora={rank: 4, alpha: 8}", "examples.validation=0"]


def test_an_adapter_that_nothing_validates_is_not_registered(root):
    path = root / "conf" / "train.yaml"
    with pytest.raises(UserError, match=r"without a validation.*merging changes: set examples.validation above 0"):
        load_config(TrainJob, path, [*ADAPTER, "mlflow.register_as=mine"])
    for settings in (ADAPTER, [*ADAPTER, "mlflow.register_as=mine", "mlflow.enabled=false"], ADAPTER[1:]):
        load_config(TrainJob, path, settings)
    load_config(TrainJob, path, ["examples.validation=0", "mlflow.register_as=mine"])


def test_a_baseline_that_the_judge_job_cannot_ask_is_not_registered(root):
    path, head = root / "conf" / "train.yaml", "rows.head=classification"
    with pytest.raises(UserError, match=r"a head for classification is a baseline.*set mlflow.register_as: null"):
        load_config(TrainJob, path, [head, "mlflow.register_as=mine"])
    load_config(TrainJob, path, [head])


PAIRS = ["rows.sampled={}", "recipe.dpo={beta: 0.2}"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(["recipe.dpo={}"], r"set rows\.sampled: \{\}", id="pairs of nothing"),
        pytest.param([*PAIRS, "rows.head=regression"], r"a head for regression writes none", id="pairs for a head"),
        pytest.param(["rows.sampled={}", "rows.head=regression"], r"a head for regression learns nothing", id="head"),
        pytest.param([*PAIRS, "rows.style=soft"], r"rows\.style is soft, but .* asked and written", id="soft"),
        pytest.param([*PAIRS, "rows.swap=0"], r"rows\.swap is 0\.0, but", id="swaps"),
        pytest.param(["rows.sampled={}", "rows.reference=0.5"], r"rows\.reference is 0\.5, but", id="references"),
        pytest.param(["rows.sampled={}", "recipe.dpo={beta: 0}"], r"recipe\.dpo\.beta", id="beta"),
        pytest.param(["rows.sampled={most: 0}"], r"rows\.sampled\.most", id="none"),
    ],
)
def test_what_own_judgments_cannot_do_is_refused(root, settings, expected):
    with pytest.raises(UserError, match=expected):
        load_config(TrainJob, root / "conf" / "train.yaml", settings)
    load_config(TrainJob, root / "conf" / "train.yaml", PAIRS)
