"""The judge and the evaluate job over a Spark Connect server of the cluster."""

import sys

import pytest
import yaml
from cluster.drivers import Drivers
from cluster.files import assert_each_once, pair
from cluster.standalone import LOOPBACK, free_port, is_open

pytest.importorskip("grpc_status", reason="needs pyspark[connect]")
pytestmark = pytest.mark.cluster
ROWS = [pair(number, number // 2) for number in range(40)]
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


@pytest.fixture(scope="module")
def drivers(cluster, make_drivers) -> Drivers:
    return make_drivers(ROWS)


@pytest.fixture(scope="module")
def remote(cluster, drivers):
    """The address of a Connect server; what it runs finds judgelake, as on a cluster where it is installed."""
    port = free_port()
    conf = {"spark.connect.grpc.binding.port": str(port), "spark.connect.grpc.binding.address": LOOPBACK}
    server = drivers.submit("--class", SERVER, conf=conf)
    cluster.wait(lambda: server.process.poll() is not None or is_open(port), "the Connect server listens")
    assert server.process.poll() is None, server.output
    return f"sc://{LOOPBACK}:{port}"


def run(drivers, remote, job, config):
    """Run a job of the checkout as a client of the Connect server; returns it when it has ended."""
    command = [sys.executable, str(drivers.root / "jobs" / f"{job}.py"), "--config", config, "--debug"]
    driver = drivers.start(command, {"SPARK_REMOTE": remote, "PYTHONPATH": str(drivers.root / "lib")})
    assert driver.finish() == 0, driver.output
    return driver


def test_the_judge_job_judges_over_connect(cluster, drivers, remote):
    config = drivers.config()
    first = run(drivers, remote, "judge", config)
    assert_each_once(drivers.lake.rows("judgments", "judgment_id", "status"), len(ROWS), first.output)
    # Of the two GPUs of an executor: the profile of the asking stage came through.
    assert {len(life.devices) for life in cluster.journal().started} == {1}
    again = run(drivers, remote, "judge", config)
    assert f"{len(ROWS)} judged before" in again.output
    assert_each_once(drivers.lake.rows("judgments", "judgment_id", "status"), len(ROWS), again.output)


def test_the_evaluate_job_evaluates_over_connect(drivers, remote):
    file = drivers.folder / "evaluate.yaml"
    report = drivers.folder / "report.html"
    content = {"tables": {"warehouse": str(drivers.lake.folder)}, "mlflow": {"enabled": False}}
    file.write_text(yaml.safe_dump(content | {"report": str(report), "cards": None}), "utf-8")
    done = run(drivers, remote, "evaluate", str(file))
    assert drivers.lake.rows("metrics"), done.output
    assert report.is_file()
