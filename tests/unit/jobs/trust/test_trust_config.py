"""What the trust job refuses before anything is read, and that its YAML has every key."""

from __future__ import annotations

import pytest
import yaml

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.trust import TrustJob
from judgelake.trust import INDICATORS


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"swap_rule": "mean"}, "mean counts each order one half"),
        ({"swap_rule": "strict"}, "strict leaves out comparisons whose orders differ"),
        ({"swap_rule": "both_right"}, "both_right gives no verdict"),
        ({"labels": {"rule": "each"}}, "a verdict is right or wrong: take majority"),
        ({"calibration": {"method": "platt"}}, "temperature"),
        ({"calibration": {"folds": 1}}, "folds"),
    ],
)
def test_what_gives_no_single_verdict_or_label_is_refused(content, why):
    with pytest.raises(UserError, match=why):
        validated(TrustJob, content, "test")


def test_the_yaml_has_every_key_with_its_default(root):
    content = yaml.safe_load((root / "conf" / "trust.yaml").read_text("utf-8"))
    assert validated(TrustJob, content, "conf/trust.yaml") == TrustJob()
    assert set(content) == set(TrustJob.model_fields)


def test_every_indicator_is_explained_in_one_line():
    assert len({one.name for one in INDICATORS}) == len(INDICATORS)
    assert all(one.meaning and "\n" not in one.meaning for one in INDICATORS)
