"""A tokenizer is loaded without torch in a Spark worker, of which an executor has many."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from judgelake.engine import tokenizer_folder

LOAD = """
import importlib.util, sys
from judgelake.engine.tokenizer import without_torch
with without_torch():
    from transformers import AutoTokenizer
assert "torch" not in sys.modules
assert importlib.util.find_spec("torch") is not None
print("loaded")
"""


@pytest.mark.skipif(None in (find_spec("transformers"), find_spec("torch")), reason="needs transformers and torch")
def test_what_a_tokenizer_needs_is_imported_without_torch():
    found = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=False)
    assert found.stdout.split() == ["loaded"], found.stderr


def test_a_model_folder_without_a_tokenizer_has_none(tmp_path):
    (tmp_path / "config.json").write_text("{}", "utf-8")
    assert tokenizer_folder(str(tmp_path)) is None
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    assert tokenizer_folder(str(tmp_path)) == tmp_path
