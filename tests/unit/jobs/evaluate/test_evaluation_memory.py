"""What an evaluation keeps in memory, with stand-ins for Spark's tables: nothing where it fails."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from threads import submitted_without_spark

from judgelake.jobs.evaluate import EvaluateJob, pair_reading
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
    counting = MagicMock(metrics=MagicMock(return_value=[]))
    results = {
        module: {"chosen_rows": chosen, "_Counting": counting, "register": None, "run_id_of": None},
        pair_reading: {"inputs_of": inputs, "features_of": features, "pair_rows": rows, "survey": survey}
        | {"create_tables": None, "bucket_column": None},
    }
    for place, known in results.items():
        for name, result in known.items():
            monkeypatch.setattr(place, name, MagicMock(return_value=result))
    monkeypatch.setattr(pair_reading, "submitted", submitted_without_spark)
    monkeypatch.setattr(module, "judged_rows", lambda rows, *arguments: rows)
    if step is None:
        done = module.compute(MagicMock(), EvaluateJob())
        assert done.verdicts is rows
        assert not rows.unpersist.called
        done.release()
    else:
        place = next(place for place, known in results.items() if step in known)
        monkeypatch.setattr(place, step, MagicMock(side_effect=OSError("the disk is full")))
        with pytest.raises(OSError, match="disk is full"):
            module.compute(MagicMock(), EvaluateJob())
    assert features.unpersist.called
    # The verdicts go to the caller, who releases them.
    assert rows.unpersist.called == rows.persist.called
