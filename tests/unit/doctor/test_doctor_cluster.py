"""What is said of a cluster before an engine is started on it."""

import pytest

from judgelake.asking import Place, Slots
from judgelake.doctor.cluster import cluster_findings, summary

FINE = {"vllm": ["ok", "0.32.0 for GPUs", ""], "model": ["ok", "there", ""], "python": "3.12.1"}
NO_VLLM = {**FINE, "vllm": ["warning", "not installed", "Install judgelake[gpu]."]}
NO_MODEL = {**FINE, "model": ["warning", "not in the cache", "vLLM downloads it."]}
OLD_PYTHON = {**FINE, "python": "3.11.2"}


def places(*facts, gpus=("0",)):
    return Slots(2 * len(facts), tuple(Place(f"host{number}", 7, gpus, fact) for number, fact in enumerate(facts)))


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        (places(FINE, FINE), "2 engines would start on 2 hosts with 2 GPUs; 4 tasks at once."),
        (places(FINE, gpus=("0", "1")), "1 engine would start on 1 host with 2 GPUs; 2 tasks at once."),
        (places(FINE, gpus=()), "1 engine would start on 1 host on their CPUs; 2 tasks at once."),
    ],
)
def test_the_engines_are_counted(slots, said):
    assert summary(slots) == said


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param([FINE, FINE], [], id="nothing"),
        pytest.param([FINE, NO_VLLM], [("problem", "host1: not installed")], id="a host without vLLM"),
        pytest.param(
            [NO_MODEL] * 5,
            [("warning", "host0, host1, host2 and 2 more: not in the cache")],
            id="one thing on many hosts",
        ),
        pytest.param([FINE, OLD_PYTHON], [("problem", "Python differs between hosts: 3.11.2, 3.12.1")], id="Python"),
    ],
)
def test_a_problem_is_said_once_with_its_hosts(facts, found):
    assert [(finding.level.value, finding.found) for finding in cluster_findings(places(*facts))] == found
