"""A Spark cluster whose workers say that they have GPUs, and drivers over a lake of each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.drivers import Drivers
from cluster.files import LakeOnDisk
from cluster.standalone import Cluster

# More cores than GPUs, as on real hosts.
CORES_A_GPU = 4


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, with two and with four GPUs."""
    folder = tmp_path_factory.mktemp("cluster")
    print(f"the logs of this cluster are in {folder}")
    cluster = Cluster(folder)
    try:
        for gpus in (("0", "1"), ("2", "3", "4", "5")):
            cluster.add_worker(gpus, CORES_A_GPU * len(gpus))
        yield cluster
    finally:
        left = cluster.end()
    assert left == []


@pytest.fixture(scope="module")
def make_drivers(
    cluster: Cluster, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Drivers]]:
    """Makes the drivers of one lake, given the rows of its comparisons."""
    made = []

    def make(rows: list[dict[str, Any]]) -> Drivers:
        folder = tmp_path_factory.mktemp("drivers")
        lake = LakeOnDisk(folder / "lake")
        lake.write_comparisons(rows)
        made.append(Drivers(cluster, lake, folder, root))
        return made[-1]

    yield make
    for drivers in made:
        drivers.end()
