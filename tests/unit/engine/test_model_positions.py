"""How many tokens a model reads at most, by its config."""

from __future__ import annotations

import json

import pytest

from judgelake.engine import most_positions, shortest_context


@pytest.mark.parametrize(
    ("config", "positions"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, 512),
        ({"model_type": "gpt2", "n_positions": 1024}, 1024),
        # Its positions are counted from behind the padding token.
        ({"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "roberta", "max_position_embeddings": 514}, 512),
        ({"model_type": "gemma3", "text_config": {"max_position_embeddings": 8192}}, 8192),
        ({"model_type": "t5"}, None),
        ({"model_type": "xlnet", "max_position_embeddings": -1}, None),
    ],
)
def test_a_model_has_the_positions_that_its_config_names(tmp_path, config, positions):
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    assert most_positions(tmp_path) == positions
    assert shortest_context(tmp_path, 700, None) == min(700, positions or 700)


@pytest.mark.parametrize("content", [None, "[]", "{", '{"max_position_embeddings": "many"}'])
def test_a_config_that_says_no_positions_limits_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content, "utf-8")
    assert most_positions(tmp_path) is None
