"""A tokenizer is loaded without torch where the process is our own: one of many Spark workers, or a command."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from judgelake.engine import tokenizer_folder

SAMPLE = Path(__file__).parents[3] / "samples" / "comparisons.jsonl"
LOAD = """
import importlib.util, sys
from judgelake.engine.tokenizer import without_torch
with without_torch():
    from transformers import AutoTokenizer
assert "torch" not in sys.modules
assert importlib.util.find_spec("torch") is not None
print("loaded")
"""

PROMPTS = """
import sys
from judgelake.cli import main
assert main({arguments!r}) == 0
assert "torch" not in sys.modules
"""
DRY_RUN = """
import sys
from pathlib import Path
from judgelake.engine import load_tokenizer
from judgelake.jobs.judge import command
command.get_spark = command.stop_spark = lambda *arguments, **named: None
command.dry_run = lambda spark, job: (type(load_tokenizer(Path({model!r}))).__name__, None)
command.show_estimate = lambda console, loaded, none: print(loaded)
assert command.main(["--dry-run", "--set", "judge.name=judgelm"]) == 0
assert "torch" not in sys.modules
"""
needs_both = pytest.mark.skipif(
    None in (find_spec("transformers"), find_spec("torch")), reason="needs transformers and torch"
)


@pytest.fixture
def model(tmp_path):
    """A folder with the smallest tokenizer that transformers loads."""
    from tokenizers import Tokenizer, models

    Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>")).save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}', "utf-8")
    return str(tmp_path)


def run_in_a_new_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@needs_both
def test_what_a_tokenizer_needs_is_imported_without_torch():
    found = run_in_a_new_process(LOAD)
    assert found.stdout.split() == ["loaded"], found.stderr
    assert "PyTorch" not in found.stderr, "nobody who asks for a tokenizer needs to hear that models are not available"


@needs_both
def test_prompts_with_their_tokens_are_shown_without_torch(model):
    arguments = ["prompts", "--judge", "judgelm", "--mode", "pair", "--tokens", "--model", model, str(SAMPLE)]
    found = run_in_a_new_process(PROMPTS.format(arguments=arguments))
    assert found.returncode == 0, found.stderr
    assert '"token_ids"' in found.stdout


@needs_both
def test_a_dry_run_counts_tokens_without_torch(model):
    found = run_in_a_new_process(DRY_RUN.format(model=model))
    assert found.returncode == 0, found.stderr
    assert "Tokenizer" in found.stdout


def test_a_model_folder_without_a_tokenizer_has_none(tmp_path):
    (tmp_path / "config.json").write_text("{}", "utf-8")
    assert tokenizer_folder(str(tmp_path)) is None
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    assert tokenizer_folder(str(tmp_path)) == tmp_path
