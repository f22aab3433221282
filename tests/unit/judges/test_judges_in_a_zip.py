"""The built-in judges of a package that is read from a zip, as spark-submit --py-files gives it to a driver."""

import subprocess
import sys
import zipfile

import pytest

from judgelake.judges import list_judges


@pytest.fixture(scope="module")
def zipped(root, tmp_path_factory):
    file = tmp_path_factory.mktemp("zip") / "judgelake.zip"
    with zipfile.ZipFile(file, "w") as into:
        for path in (root / "lib" / "judgelake").rglob("*.py"):
            into.write(path, path.relative_to(root / "lib"))
        for path in (root / "conf" / "judges").iterdir():
            into.write(path, f"judgelake/conf/judges/{path.name}")
    return file


def said_by(zipped, statement, folder):
    """What a Python prints that has only the zip."""
    code = f"import sys; sys.path.insert(0, {str(zipped)!r}); {statement}"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


def test_all_judges_are_found_in_it(zipped, tmp_path):
    named = said_by(
        zipped, "from judgelake.judges import list_judges; [print(j.name) for j in list_judges()]", tmp_path
    )
    assert named == [judge.name for judge in list_judges()]


def test_a_judge_of_ones_own_takes_its_texts_from_one_in_it(zipped, root, tmp_path):
    sharing = next(
        path for path in sorted((root / "conf" / "judges").iterdir()) if "partials_from:" in path.read_text()
    )
    own = tmp_path / "own.yaml"
    own.write_text(sharing.read_text("utf-8").replace(f"name: {sharing.stem}", "name: own"), "utf-8")
    loaded = f"load_judge('own', {str(tmp_path)!r}).modes == load_judge({sharing.stem!r}).modes"
    assert said_by(zipped, f"from judgelake.judges import load_judge; print({loaded})", tmp_path) == ["True"]
