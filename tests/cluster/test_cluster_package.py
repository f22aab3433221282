"""`make package`: the zip alone judges on a cluster where nobody sees the checkout."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest
from cluster.files import assert_each_once, pair
from cluster.processes import processes_of

pytestmark = pytest.mark.cluster
ROWS = [pair(number, number // 2) for number in range(120)]


@pytest.fixture(scope="module")
def package(root, tmp_path_factory):
    """The folder of the built wheel and zip."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, str(root / "setup" / "package.py"), "--out", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=600)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python with all installed packages but without the checkout, which an editable installation brings in."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    # As a line of a file, so that the files of this kind in there, of which one names the checkout, are not read.
    installed = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "installed.pth").write_text("\n".join(installed) + "\n", "utf-8")
    return folder / "bin" / "python"


def test_wheel_and_zip_hold_the_same_whole_package(package, root):
    (wheel,), (zipped,) = package.glob("*.whl"), package.glob("*.zip")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names == set(zipfile.ZipFile(zipped).namelist())
    sources = {str(path.relative_to(root / "lib")) for path in (root / "lib" / "judgelake").rglob("*.py")}
    judges = {f"judgelake/conf/judges/{path.name}" for path in (root / "conf" / "judges").iterdir()}
    assert sources | judges <= names


def test_the_zip_judges_where_nobody_sees_the_checkout(cluster, make_drivers, package, bare_python, root):
    drivers = make_drivers(ROWS)
    cluster.pretend(seconds=0.3)
    (zipped,) = package.glob("*.zip")
    script = shutil.copy(root / "jobs" / "judge.py", drivers.folder / "judge.py")
    program = ["--py-files", str(zipped), script, "--config", drivers.config(), "--debug"]
    driver = drivers.submit(*program, library=drivers.folder / "nothing", python=bare_python)
    cluster.wait(lambda: driver.process.poll() is not None or cluster.journal().finished > 0, "an engine answers")
    seen = [
        said for process in processes_of(drivers.cluster.folder) if str(root / "lib") in (said := all_said(process))
    ]
    assert driver.finish() == 0, driver.output
    assert_each_once(drivers.lake.rows("judgments", "judgment_id", "status"), len(ROWS), driver.output)
    assert seen == []
    assert cluster.left_over() == []


def all_said(process):
    """The command and environment of a process, which would name the checkout's library."""
    try:
        return " ".join([*process.cmdline(), *process.environ().values()])
    except psutil.NoSuchProcess:
        return ""
