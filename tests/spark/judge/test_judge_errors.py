"""How the judge job ends where it cannot judge: by a mistake, before anything is written, or as a failed run."""

import pytest
from judge_lake import JudgeLake, of, pair, pairs

from judgelake.errors import RunError, UserError
from judgelake.jobs.judge import dry_run, judge
from judgelake.lake.names import folder_of


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_judge_errors")
    lake.add([*pairs("failing", 10), *pairs("hopeless", 10), pair("e0", "Q?")])
    return lake


def test_a_run_fails_when_too_many_calls_fail_but_keeps_its_rows(lake, shared_server):
    with pytest.raises(RunError, match=r"of 20 requests ended in engine_error or timeout.*max_failed_share"):
        lake.judge(shared_server("plain+fail:0.6"), of("failing"))
    statuses = lake.statuses(of("failing"))
    assert statuses.keys() == {"engine_error", "ok"}
    assert sum(statuses.values()) == 20
    (run_id,) = {row["run_id"] for row in lake.judgments(of("failing"))}
    (run,) = lake.runs(f"run_id = '{run_id}'")
    assert run["outcome"] == "failed"
    # A server that is not vLLM tells no version.
    assert run["engine_settings"] is None


def test_a_run_gives_up_when_its_first_requests_all_fail_alike(lake, shared_server):
    with pytest.raises(RunError, match="first 5 requests all ended in unparseable"):
        lake.judge(shared_server("garbage:1"), of("hopeless"), asking={"give_up_after": 5})
    assert lake.statuses(of("hopeless")) == {}
    assert not lake.has_plans()


def test_a_table_with_other_types_is_an_error_that_names_it(spark, lake, shared_server):
    name = f"{lake.tables.comparisons}_odd"
    odd = spark.createDataFrame(
        [("c", "q", "Why?", ["a"])], "comparison_id string, question_id string, messages string, answers array<string>"
    )
    odd.write.format("delta").save(folder_of(lake.tables, name))
    with pytest.raises(UserError, match=r"columns of .*_odd do not have the types"):
        lake.judge(shared_server("instant"), tables={"comparisons": name})


def test_a_missing_table_is_named(lake, shared_server):
    with pytest.raises(UserError, match="no table 'of_nobody'"):
        lake.judge(shared_server("instant"), tables={"comparisons": "of_nobody"})


def test_a_predicate_that_does_not_fit_is_named(lake, shared_server):
    with pytest.raises(UserError, match=r"input\.where 'colour = 1'"):
        lake.judge(shared_server("instant"), "colour = 1")


OF_ONE = "comparison_id = 'e0'"
both_ways = pytest.mark.parametrize("run", [judge, dry_run], ids=["judge", "dry run"])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("key:secret", "key", id="no key"),
        pytest.param("model:other", "other", id="a model the server does not have"),
    ],
)
def test_a_server_that_refuses_us_is_the_users_error(rule, expected, lake, shared_server):
    with pytest.raises(UserError, match=expected):
        lake.judge(shared_server(rule), OF_ONE)
    assert lake.statuses(OF_ONE) == {}


@both_ways
@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        pytest.param("CAST(comparison_id AS INT) > 0", "CAST_INVALID_INPUT", id="a cast of no number"),
        pytest.param("1 / (length(comparison_id) - 2) > 0", "DIVIDE_BY_ZERO", id="a division by zero"),
    ],
)
def test_a_predicate_that_fails_on_a_row_is_the_users_error(predicate, said, run, spark, lake, shared_server):
    before = lake.statuses("true")
    with pytest.raises(UserError, match=r"input\.where .* fails on a row") as raised:
        run(spark, lake.job(shared_server("instant"), predicate))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert lake.statuses("true") == before


@both_ways
def test_a_template_that_cannot_be_rendered_for_a_row_is_named(run, spark, lake, shared_server, root, tmp_path):
    text = (root / "conf" / "judges" / "pandalm.yaml").read_text("utf-8").replace("name: pandalm", "name: broken")
    shown = text.replace("### Evaluation:", "{{ rubric.criteria }}\n\n      ### Evaluation:")
    (tmp_path / "broken.yaml").write_text(shown.replace("    parser:", "    rubric: optional\n    parser:"), "utf-8")
    job = lake.job(shared_server("instant"), OF_ONE, judge={"name": "broken", "folder": str(tmp_path), "mode": "pair"})
    with pytest.raises(UserError, match=r"template of judge 'broken', mode 'pair', cannot be rendered.*criteria"):
        run(spark, job)
    assert lake.statuses(OF_ONE) == {}
    assert not lake.has_plans()
