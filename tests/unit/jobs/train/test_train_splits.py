"""A question that is trained on is never one that the judge is validated on."""

import pytest
from training_examples import example

from judgelake.errors import UserError
from judgelake.jobs.train.examples import check_groups

TRAIN = [example(group="g1"), example(group="g2", teacher="ann")]


def test_a_group_of_questions_in_both_splits_is_refused():
    validation = [example(group="g2", split="validation"), example(group="g3", split="validation", teacher="ann")]
    with pytest.raises(
        UserError, match=r"^1 group of questions is in both splits, for example 'g2': .* examples\.where"
    ):
        check_groups(TRAIN, validation)
    both = [*validation, example(group="g1", split="validation")]
    with pytest.raises(UserError, match=r"^2 groups of questions are in both splits, for example 'g1': "):
        check_groups(TRAIN, both)


def test_groups_on_one_side_each_are_fine():
    check_groups(TRAIN, [example(group="g3", split="validation")])
    check_groups(TRAIN, [])
