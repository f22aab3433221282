"""One setting from its table to its row: plan it, cut sampled chunks, simulate, and sum up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judgelake.asking.pending import chunks_of, size_of_chunks
from judgelake.config import Tables
from judgelake.runtime import get_spark
from simulated import table
from simulated.cluster import ChunkWork, Cluster, Outcome
from simulated.cuts import Cut, spark_cut
from simulated.driver import driver_of
from simulated.engine import alone_seconds
from simulated.events import Simulation
from simulated.planner import Narrow, Plan, Shape, chunk_works, default_job, plan_of, requests_a_pair, sampled
from simulated.workload import SCENARIOS, Layout, layout_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A chunk's Spark jobs until its tasks can run, and for each request: read its plan row, render, hash and sort. The
# second is benchmarks/README.md's 65 microseconds for the two requests of a comparison, and as much for the shuffle.
PREPARE_S = 4.0
PREPARE_REQUEST_S = 65e-6
# Cores that prepare a chunk together.
CORES_A_CHUNK = 4
# Requests of all chunks that Spark cuts for one setting.
MOST_CUT_REQUESTS = 8_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """A run to simulate."""

    scenario: str
    pairs: int
    cluster: Cluster
    chunk_requests: int
    """0: as the planner sizes them."""
    narrow: Narrow | None
    shape: Shape
    samples: int
    most_tasks: int


class Simulator:
    """Simulates one setting after another; with one Spark session for all cuts, started with the first."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Nothing is started.

        Args:
            tell: is told what is being done.
        """
        self._tell = tell
        self._session: SparkSession | None = None
        self._cuts: dict[tuple[str, int, int, int, int], Cut] = {}

    def simulate(self, setting: Setting) -> table.Row:
        """Plan, cut and simulate a run."""
        job = default_job()
        requests = setting.pairs * requests_a_pair(job)
        each = setting.chunk_requests or size_of_chunks(requests)
        chunks = chunks_of(requests, each)
        questions = SCENARIOS[setting.scenario](setting.pairs)
        layout = layout_of(questions, requests_a_pair(job), chunks, each, setting.cluster.seed)
        plan = plan_of(layout, job, setting.cluster, setting.shape, setting.narrow)
        cuts = self._cuts_of(setting, each, plan, layout)
        first = _first_chunks(plan, setting.most_tasks)
        works = chunk_works(plan, layout, setting.shape, cuts, prepare_seconds, first)
        name = f"{setting.scenario}, {setting.pairs:,} pairs, {setting.cluster.gpus} GPUs"
        self._tell(f"{name}: simulating {first:,} of {chunks:,} chunks")
        outcome = Simulation(setting.cluster, works, plan.in_flight).run()
        return row_of(setting, each, plan, layout, works, outcome)

    def close(self) -> None:
        """Stop the session, if there was one."""
        if self._session is not None:
            self._session.stop()

    def _cuts_of(self, setting: Setting, chunk_requests: int, plan: Plan, layout: Layout) -> list[Cut]:
        cuts: list[Cut] = []
        requests = 0
        for place in sampled(plan, setting.samples, setting.cluster.seed):
            chunk, tasks = plan.chunks[place], plan.tasks[place]
            requests += chunk.requests
            if requests > MOST_CUT_REQUESTS and cuts:
                break
            # Of two clusters with as many tasks a chunk, the chunks of a table are cut once.
            key = (setting.scenario, setting.pairs, chunk_requests, chunk.number, tasks)
            if key not in self._cuts:
                self._tell(f"chunk {chunk.number}: cutting {chunk.requests:,} requests into {tasks} tasks with Spark")
                questions = layout.of_chunk(chunk.number)
                self._cuts[key] = spark_cut(self._spark(), questions, tasks, setting.shape.prompt_bytes, place)
            cuts.append(self._cuts[key])
        return cuts

    def _spark(self) -> SparkSession:
        if self._session is None:
            self._session = get_spark(Tables(), app_name="judgelake simulation")
        return self._session


def prepare_seconds(requests: int) -> float:
    """How long Spark needs before a chunk's first task can run."""
    return PREPARE_S + requests * PREPARE_REQUEST_S / CORES_A_CHUNK


def _first_chunks(plan: Plan, most_tasks: int) -> int:
    """How many chunks, from the first, have at most so many tasks; one at least."""
    total = 0
    for place, tasks in enumerate(plan.tasks):
        total += tasks
        if total > most_tasks:
            return max(1, place)
    return len(plan.tasks)


def row_of(
    setting: Setting, chunk_requests: int, plan: Plan, layout: Layout, works: list[ChunkWork], outcome: Outcome
) -> table.Row:
    """Sum up; times of a run of which a part was simulated are scaled to the whole."""
    cluster, chunks = setting.cluster, len(plan.chunks)
    wall, whole = outcome.wall_s, chunks / len(works)
    mean_tasks = sum(plan.tasks) / chunks
    work = max((work for one in works[:50] for work in one.tasks), key=lambda work: work.requests)
    minutes = alone_seconds(cluster.rates, work, cluster.window) * cluster.tasks_a_gpu / 60
    driver = driver_of(chunks, sum(plan.tasks), plan.in_flight, layout.heavy, round(mean_tasks * plan.in_flight))
    return table.Row(
        scenario=setting.scenario,
        pairs=table.short(setting.pairs),
        gpus=cluster.gpus,
        policy=f"{table.short(chunk_requests)}, {_policy(setting)}",
        chunks=f"{chunks:,}" if len(works) == chunks else f"{chunks:,} ({len(works):,})",
        in_flight=plan.in_flight,
        tasks=f"{mean_tasks:.0f} x {minutes:.1f}",
        hours=f"{wall * whole / table.HOUR_S:.2f}",
        slots_busy=f"{100 * outcome.slot_seconds / (cluster.slots * wall):.1f}",
        engines_busy=f"{100 * outcome.engine_seconds / (cluster.gpus * wall):.1f}",
        full_speed=f"{100 * outcome.full_speed_s / (cluster.gpus * wall):.1f}",
        tail_min=f"{outcome.tail_s(cluster.gpus) / 60:.1f}",
        commits_an_hour=f"{outcome.commits / wall * table.HOUR_S:,.0f}",
        files=f"{driver.plan_files:,} / {driver.judgment_files:,}",
        driver_gib=f"{driver.bytes / 2**30:.1f} ({driver.threads})",
        log_mib=f"{driver.log_bytes / table.MIB:,.0f}",
    )


def _policy(setting: Setting) -> str:
    slots = f"{setting.narrow.slots_a_chunk} slots" if setting.narrow else "the planner's slots"
    return f"{slots}, {setting.cluster.tasks_a_gpu} tasks a GPU"
