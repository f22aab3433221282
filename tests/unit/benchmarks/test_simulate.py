"""Laws of the simulated cluster, and its engine against published figures and one request after another."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from chunk_example import small_chunk
from simulate import main, number
from simulated.cluster import ChunkWork, Cluster, Outcome
from simulated.cuts import even_cut
from simulated.driver import driver_of
from simulated.engine import A100_7B, H100_8B, STEP_TOKENS, Rates, Work, alone_seconds, loads_of, work_seconds
from simulated.events import Simulation
from simulated.planner import Narrow, Shape, default_job, plan_of, tasks_work
from simulated.workload import SCENARIOS, layout_of

from judgelake.asking.pending import size_of_chunks

WORK = Work(requests=2_000, prompt_tokens=2_000 * 600, context_tokens=664, output_tokens=128)
CALM = Cluster(gpus=4, rates=H100_8B, tasks_a_gpu=2, noise=0.0, slow_every=0, loses_a_node=False, preparers=8)


def one_by_one(rates: Rates, prompts: list[int], outputs: list[int], window: int) -> float:
    """Seconds of an engine for these requests, every step and request on its own, the prompts in order."""
    waiting = list(zip(prompts, outputs, strict=True))[::-1]
    reading: list[list[int]] = []
    writing: list[list[int]] = []
    seconds = 0.0
    while waiting or reading or writing:
        while waiting and len(reading) + len(writing) < window:
            prompt, output = waiting.pop()
            reading.append([prompt, output, prompt])
        budget = STEP_TOKENS - len(writing)
        seconds += rates.step_s + sum(rates.output_token_s + rates.context_token_s * one[0] for one in writing)
        writing = [[context + 1, left - 1] for context, left in writing if left > 1]
        for one in list(reading):
            taken = min(budget, one[2])
            budget -= taken
            one[2] -= taken
            seconds += taken * rates.prompt_token_s
            if not one[2]:
                reading.remove(one)
                writing.append([one[0], one[1]])
    return seconds


@pytest.mark.parametrize("rates", [H100_8B, A100_7B], ids=lambda rates: rates.name)
@pytest.mark.parametrize("window", [16, 64, 256])
@pytest.mark.parametrize("output", [8, 128])
def test_a_task_takes_as_long_as_its_requests_one_by_one(rates, window, output):
    rng = np.random.default_rng(1)
    prompts = rng.lognormal(math.log(500), 0.6, 3_000).astype(int) + 1
    outputs = rng.integers(output // 2, output * 3 // 2, 3_000, endpoint=True)
    rates = replace(rates, kv_tokens=10**9)
    work = Work(3_000, float(prompts.sum()), float(prompts.mean() + outputs.mean() / 2), float(outputs.mean()))
    exact = one_by_one(rates, prompts.tolist(), outputs.tolist(), min(window, rates.most_sequences))
    assert alone_seconds(rates, work, window) == pytest.approx(exact, rel=0.04)


@pytest.mark.parametrize(
    ("prompt", "output", "published"),
    [
        (128, 128, 28_312),
        (2048, 128, 3_450),
        (1000, 1000, 15_220),
        (2048, 2048, 9_305),
        (5000, 500, 3_459),
        (500, 2000, 17_660),
        (128, 2048, 22_714),
    ],
)
def test_the_rates_of_an_h100_are_the_published_ones(prompt, output, published):
    work = Work(1.0, prompt, prompt + output / 2, output)
    assert output / work_seconds(H100_8B, work) == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize(
    ("prompt", "output", "batch", "published"),
    [(128, 128, 256, 5_390), (128, 2048, 32, 1_484), (2048, 128, 32, 533), (2048, 2048, 16, 603)],
)
def test_the_rates_of_an_a100_are_the_published_ones(prompt, output, batch, published):
    seconds = work_seconds(A100_7B, Work(1.0, prompt, prompt + output / 2, output)) + output * A100_7B.step_s / batch
    assert output / seconds == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize("requests", [1, 40, 256, 2_000])
def test_the_parts_of_a_task_hold_all_its_work(requests):
    work = replace(WORK, requests=requests, prompt_tokens=requests * 600.0)
    parts = loads_of(H100_8B, work, 256, 2)
    assert sum(part.seconds for part in parts) == pytest.approx(work_seconds(H100_8B, work))


def ran(cluster: Cluster, chunks: int, tasks: int, in_flight: int, work: Work = WORK) -> Outcome:
    return Simulation(cluster, [ChunkWork(10.0, (work,) * tasks) for _ in range(chunks)], in_flight).run()


def test_one_gpu_and_one_task_take_what_the_formula_says():
    outcome = ran(replace(CALM, gpus=1, tasks_a_gpu=1), 1, 1, 1)
    assert outcome.wall_s == pytest.approx(alone_seconds(H100_8B, WORK, CALM.window))
    # Preparation and the engine's start come before the first request.
    assert outcome.first_request_s == pytest.approx(10.0 + CALM.start_s)
    assert (outcome.commits, outcome.files) == (1, 1)


@pytest.mark.parametrize("cluster", [CALM, Cluster(gpus=16, rates=H100_8B, preparers=2), Cluster(64, A100_7B)])
def test_nothing_is_busier_than_always(cluster):
    outcome = ran(cluster, 30, 16, 9)
    assert outcome.commits == 30
    assert 0 < outcome.slot_seconds <= cluster.slots * outcome.wall_s * (1 + 1e-9)
    assert 0 < outcome.engine_seconds <= cluster.gpus * outcome.wall_s * (1 + 1e-9)
    assert 0 < outcome.full_speed_s <= cluster.gpus * outcome.wall_s
    assert 0 <= outcome.tail_s(cluster.gpus) <= outcome.wall_s


def test_engines_do_all_the_work_whatever_is_lost():
    whole = ran(replace(CALM, gpus=16), 30, 16, 9)
    lost = ran(replace(CALM, gpus=16, loses_a_node=True), 30, 16, 9)
    assert lost.commits == whole.commits == 30
    assert 0 < lost.asked_again <= 16 * CALM.window
    again = lost.asked_again / (30 * 16 * WORK.requests)
    # What was in flight when the node was lost is paid twice, but counts once as work that had to be done.
    assert lost.full_speed_s == pytest.approx(whole.full_speed_s, rel=again + 0.01)
    assert lost.wall_s > whole.wall_s


def test_more_chunks_in_flight_leave_no_engine_idle_for_longer():
    walls = [ran(replace(CALM, commit_s=0.0, recount_s=0.0), 12, 4, in_flight).wall_s for in_flight in (1, 2, 3, 4, 12)]
    assert walls == sorted(walls, reverse=True)
    assert walls[0] > walls[-1]


def test_tasks_of_the_chunk_that_was_started_first_run_first():
    cluster = replace(CALM, gpus=1, tasks_a_gpu=1, commit_s=0.0, recount_s=0.0)
    first, second = replace(WORK, requests=100, prompt_tokens=60_000.0), WORK
    chunks = [ChunkWork(10.0, (first,) * 3), ChunkWork(0.0, (second,) * 2)]
    simulation = Simulation(cluster, chunks, 2)
    began: list[float] = []
    begin = simulation._begin

    def noted(now: float, gpu: int, chunk: int, work: Work) -> None:
        began.append(work.requests)
        begin(now, gpu, chunk, work)

    simulation._begin = noted  # type: ignore[method-assign]
    simulation.run()
    # The second was ready before the first, whose tasks overtake what has not yet begun.
    assert began == [second.requests, first.requests, first.requests, first.requests, second.requests]


def test_commits_of_one_table_wait_for_each_other():
    cluster = replace(CALM, commit_s=1_000.0, recount_s=0.0, file_s=0.0)
    short = replace(WORK, requests=10, prompt_tokens=6_000.0)
    simulation = Simulation(cluster, [ChunkWork(0.0, (short,)) for _ in range(5)], 5)
    simulation.run()
    assert simulation._log_free_s >= 5 * cluster.commit_s


def test_an_empty_chunk_ends_at_once():
    assert ran(CALM, 3, 0, 1).commits == 3


def test_preparations_in_the_slots_of_engines_delay_the_tasks_there():
    apart, here = ran(CALM, 40, 4, 6), ran(replace(CALM, preparers=None), 40, 4, 6)
    assert here.wall_s > apart.wall_s


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("chunks", [1, 50])
def test_every_request_is_in_one_chunk(name, chunks):
    pairs = 500_000
    table = SCENARIOS[name](pairs)
    layout = layout_of(table, 2, chunks, 2 * pairs // chunks, seed=3)
    all_requests = 2 * int((table.pairs * table.counts).sum())
    assert layout.requests.sum() == all_requests
    assert [layout.of_chunk(chunk).sum() for chunk in range(chunks)] == layout.requests.tolist()
    assert all_requests == pytest.approx(2 * pairs, rel=0.03)
    if chunks > 1:
        # No question is a chunk of its own, however heavy.
        assert layout.requests.max() < 3 * all_requests / chunks
        assert layout.heavy == {"constant": 1}.get(name, layout.heavy)


def test_the_tasks_of_a_chunk_ask_all_its_requests():
    chunk = small_chunk(requests=1_000, prompt_bytes=2_400_000)
    works = tasks_work(chunk, even_cut(np.full(50, 20), 4), Shape())
    assert sum(work.requests for work in works) == pytest.approx(1_000)
    tokens = sum(work.prompt_tokens for work in works)
    # 50 questions and 3 cuts begin anew, all others find the beginning in the cache.
    assert tokens == pytest.approx(600_000 - (1_000 - 53) * Shape().shared_tokens)


@pytest.mark.parametrize("narrow", [None, Narrow(), Narrow(slots_a_chunk=4, tasks_a_slot=4)])
@pytest.mark.parametrize("gpus", [1, 8, 512])
def test_a_plan_keeps_every_slot_supplied(narrow, gpus):
    cluster = replace(CALM, gpus=gpus)
    layout = layout_of(SCENARIOS["uniform"](10**7), 2, 200, 100_000, seed=0)
    plan = plan_of(layout, default_job(), cluster, Shape(), narrow)
    assert sum(chunk.requests for chunk in plan.chunks) == 2 * 10**7
    assert len({chunk.number for chunk in plan.chunks}) == 200
    assert sum(plan.tasks[: plan.in_flight]) > cluster.slots
    shares = narrow or Narrow()
    assert max(plan.tasks) <= shares.slots_a_chunk * shares.tasks_a_slot


def test_without_other_shares_the_plan_is_the_planners():
    layout = layout_of(SCENARIOS["zipf"](10**7), 2, 200, 100_000, seed=0)
    plans = [plan_of(layout, default_job(), replace(CALM, gpus=64), Shape(), one) for one in (None, Narrow())]
    assert plans[0] == plans[1]


def test_few_chunks_have_tasks_for_all_slots_as_in_the_planner():
    layout = layout_of(SCENARIOS["uniform"](10**6), 2, 44, 46_400, seed=0)
    cluster = replace(CALM, gpus=512)
    plan = plan_of(layout, default_job(), cluster, Shape(), None)
    assert len(plan.chunks) < plan.in_flight
    assert sum(plan.tasks) >= cluster.slots


def test_the_size_of_chunks_grows_with_the_table():
    assert [size_of_chunks(10**power) for power in (3, 5)] == [20_000, 20_000]
    assert size_of_chunks(2 * 10**7) == pytest.approx(100_000, rel=0.01)
    assert size_of_chunks(2 * 10**9) == pytest.approx(464_000, rel=0.01)


def test_a_driver_needs_more_for_more_chunks_in_flight():
    few, many = (driver_of(1_000, 16_000, in_flight, 0, 16 * in_flight) for in_flight in (10, 100))
    assert few.bytes < many.bytes
    assert (few.plan_files, few.judgment_files) == (1_000, 16_000)


def test_numbers_may_have_a_suffix():
    assert [number(text) for text in ("7", "20k", "1.5M", "1B")] == [7, 20_000, 1_500_000, 10**9]


def test_the_quick_check_prints_a_table(capsys):
    assert main(["--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
