"""What Spark's settings say of cores and GPUs, and when the asking stage has a profile of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judgelake.asking import amounts as room
from judgelake.asking.amounts import Amounts, amounts_of, profile_of
from judgelake.engine import Engine
from judgelake.errors import UserError

STANDALONE = {
    "spark.master": "spark://master:7077",
    "spark.executor.cores": "8",
    "spark.executor.resource.gpu.amount": "2",
}
HAVE = Amounts(gpus_an_executor=2, cores_an_executor=8)
OWN = replace(HAVE, gpus_a_task=0.25, has_profile=True)
DYNAMIC = {"spark.dynamicAllocation.enabled": "true"}


@pytest.fixture
def read(monkeypatch):
    """Reads the amounts of a session with these settings."""

    def amounts(settings, engine=None):
        monkeypatch.setattr(room, "setting", lambda spark, name: settings.get(name))
        return amounts_of(None, engine)

    return amounts


@pytest.mark.parametrize(
    ("settings", "engine", "expected"),
    [
        pytest.param({}, {}, Amounts(), id="nothing is said"),
        pytest.param({"spark.master": "local[2]"}, {}, Amounts(is_local=True), id="a session on one machine"),
        pytest.param(STANDALONE, {}, OWN, id="only the asking stage takes GPUs"),
        pytest.param({**STANDALONE, "spark.task.resource.gpu.amount": "0"}, {}, OWN, id="0 is as good as unset"),
        pytest.param(STANDALONE, {"gpus_a_task": 2}, replace(OWN, gpus_a_task=2.0), id="as many as wanted"),
        pytest.param({**STANDALONE, "spark.master": "yarn"}, {}, OWN, id="YARN"),
        pytest.param({**STANDALONE, "spark.master": "k8s://https://x"}, {}, OWN, id="Kubernetes"),
        pytest.param(STANDALONE, None, HAVE, id="a caller's own object needs none"),
        pytest.param(STANDALONE, {"url": "http://x/v1"}, HAVE, id="a given server needs none"),
        pytest.param(STANDALONE, {"scope": "executor"}, HAVE, id="one engine on all GPUs of an executor"),
        pytest.param({**STANDALONE, **DYNAMIC}, {}, HAVE, id="dynamic allocation would start other executors"),
        pytest.param({**STANDALONE, "spark.master": "local[4]"}, {}, replace(HAVE, is_local=True), id="local"),
        pytest.param(
            {**STANDALONE, **DYNAMIC, "spark.task.resource.gpu.amount": "0.5", "spark.task.cpus": "2"},
            {"gpus_a_task": 0.5},
            replace(HAVE, gpus_a_task=0.5, cores_a_task=2),
            id="all tasks take them by the session's settings",
        ),
    ],
)
def test_the_asking_stage_has_a_profile_where_spark_can_give_it_one(settings, engine, expected, read):
    assert read(settings, None if engine is None else Engine(**engine)) == expected


@pytest.mark.parametrize(
    ("settings", "gpus_a_task", "words"),
    [
        ({"spark.task.resource.gpu.amount": "1"}, 0.5, "spark.task.resource.gpu.amount is 1"),
        ({}, 4, "an executor has only 2"),
        (DYNAMIC, 0.5, "Set spark.task.resource.gpu.amount to 0.5"),
    ],
)
def test_gpus_that_a_task_cannot_have_are_refused(settings, gpus_a_task, words, read):
    with pytest.raises(UserError, match=words):
        read({**STANDALONE, **settings}, Engine(gpus_a_task=gpus_a_task))


@pytest.mark.parametrize(
    ("amounts", "cores", "gpus", "of_an_executor", "of_a_gpu_set"),
    [
        (Amounts(), 12, 0, 12, 1),
        (Amounts(cores_a_task=5), 12, 0, 2, 1),
        (Amounts(cores_a_task=5), 2, 0, 1, 1),
        (Amounts(gpus_a_task=0.25), 12, 2, 8, 4),
        (Amounts(gpus_a_task=0.25), 4, 2, 4, 4),
        (Amounts(gpus_a_task=0.4), 12, 2, 4, 2),
        (Amounts(gpus_a_task=0.6), 12, 2, 2, 1),
        (Amounts(gpus_a_task=1.0), 12, 2, 2, 1),
        (Amounts(gpus_a_task=2.0), 12, 4, 2, 1),
    ],
)
def test_a_part_of_a_gpu_is_part_of_one_gpu(amounts, cores, gpus, of_an_executor, of_a_gpu_set):
    assert amounts.tasks_at_once(cores, gpus) == of_an_executor
    assert amounts.tasks_a_gpu_set == of_a_gpu_set


def test_a_stage_without_its_own_amounts_has_no_profile():
    assert profile_of(replace(OWN, has_profile=False)) is None
