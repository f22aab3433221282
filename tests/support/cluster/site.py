"""A folder for the Python path of executors, in which they find a package that looks like vLLM 0.32."""

from __future__ import annotations

import shutil
from pathlib import Path

SUPPORT = Path(__file__).resolve().parents[1]
VERSION = "0.32.0"


def make_site(folder: Path) -> Path:
    """Make the folder, which needs nothing else of the checkout."""
    shutil.copytree(SUPPORT / "cluster" / "pretended", folder)
    shutil.copytree(SUPPORT / "server", folder / "vllm" / "server", ignore=shutil.ignore_patterns("__pycache__"))
    info = folder / f"vllm-{VERSION}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}\n", "utf-8")
    return folder
