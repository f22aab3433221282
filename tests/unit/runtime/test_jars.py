"""The jars a session is started with: those that Ivy found once, without those that Spark includes."""

import json

import pytest

from judgelake.runtime.jars import OF_THE_USER, known_jars, record_path, remember_jars

JARS = ("io.delta_delta-spark_4.2_2.13-4.4.0.jar", "org.apache.hadoop_hadoop-client-api-3.4.2.jar")


@pytest.fixture(autouse=True)
def of_no_user(monkeypatch):
    for name in OF_THE_USER:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def spark_home(tmp_path):
    (tmp_path / "pyspark" / "jars").mkdir(parents=True)
    (tmp_path / "pyspark" / "jars" / "hadoop-client-api-3.5.0.jar").touch()
    return tmp_path / "pyspark"


@pytest.fixture
def ivys(tmp_path):
    """Delta's jars, as Spark lists those that it got from Ivy."""
    (tmp_path / "ivy").mkdir()
    for jar in JARS:
        (tmp_path / "ivy" / jar).touch()
    return [f"file:///{str(tmp_path / 'ivy' / jar).lstrip('/')}" for jar in JARS]


def test_the_second_session_gets_the_jars_of_the_first_less_those_of_spark(tmp_path, spark_home, ivys):
    record = tmp_path / "cache" / "jars.json"
    assert known_jars(record, spark_home) is None
    remember_jars(record, ivys)
    assert known_jars(record, spark_home) == str(tmp_path / "ivy" / JARS[0])


@pytest.mark.parametrize("name", OF_THE_USER)
def test_who_may_have_named_jars_of_their_own_keeps_them(name, tmp_path, spark_home, ivys, monkeypatch):
    remember_jars(tmp_path / "jars.json", ivys)
    monkeypatch.setenv(name, "anything")
    assert known_jars(tmp_path / "jars.json", spark_home) is None


def test_defaults_next_to_pyspark_may_also_name_jars(tmp_path, spark_home, ivys):
    remember_jars(tmp_path / "jars.json", ivys)
    (spark_home / "conf").mkdir()
    assert known_jars(tmp_path / "jars.json", spark_home) is None


def test_a_jar_that_is_gone_is_fetched_again(tmp_path, spark_home, ivys):
    remember_jars(tmp_path / "jars.json", ivys)
    (tmp_path / "ivy" / JARS[1]).unlink()
    assert known_jars(tmp_path / "jars.json", spark_home) is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="no record"),
        pytest.param(json.dumps({"for": ["0.1", "0.1"], "jars": ["a_b-1.jar"]}), id="of other versions"),
        pytest.param(json.dumps({"jars": []}), id="of no jars"),
    ],
)
def test_a_record_that_does_not_fit_asks_ivy_again(content, tmp_path, spark_home):
    (tmp_path / "jars.json").write_text(content)
    assert known_jars(tmp_path / "jars.json", spark_home) is None


def test_a_place_that_cannot_be_written_is_not_an_error(tmp_path, ivys):
    (tmp_path / "file").touch()
    remember_jars(tmp_path / "file" / "jars.json", ivys)


def test_the_record_is_kept_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert record_path().parent.parent == tmp_path
