"""What an evaluation keeps in memory, with stand-ins for Spark's tables: nothing where it fails."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from threads import submitted_without_spark

from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.evaluate import evaluation as module
from judgelake.jobs.evaluate.features import SliceNames


@pytest.mark.parametrize("step", ["survey", "pair_rows", "_Counting", None])
def test_an_evaluation_that_fails_keeps_nothing_in_memory(monkeypatch, step):
    features, rows = MagicMock(name="features"), MagicMock(name="rows")
    for kept in (features, rows):
        kept.persist.return_value = kept
    inputs = SimpleNamespace(judges=(), labelers=(), versions={}, comparisons=None)
    survey = MagicMock(slices=SliceNames(), most_answers=2)
    chosen = SimpleNamespace(comparisons=None, versions={})
    results = {"chosen_rows": chosen, "inputs_of": inputs, "features_of": features, "pair_rows": rows, "survey": survey}
    results["_Counting"] = MagicMock(metrics=MagicMock(return_value=[]))
    for name in ("register", "create_tables", "bucket_column", "run_id_of", *results):
        monkeypatch.setattr(module, name, MagicMock(return_value=results.get(name)))
    monkeypatch.setattr(module, "submitted", submitted_without_spark)
    monkeypatch.setattr(module, "judged_rows", lambda rows, *arguments: rows)
    if step is None:
        done = module.compute(MagicMock(), EvaluateJob())
        assert done.verdicts is rows
        assert not rows.unpersist.called
        done.release()
    else:
        monkeypatch.setattr(module, step, MagicMock(side_effect=OSError("the disk is full")))
        with pytest.raises(OSError, match="disk is full"):
            module.compute(MagicMock(), EvaluateJob())
    assert features.unpersist.called
    # The verdicts go to the caller, who releases them.
    assert rows.unpersist.called == rows.persist.called
