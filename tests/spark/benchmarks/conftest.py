from __future__ import annotations

import sys
from pathlib import Path

# At the end: benchmarks/coverage.py must not stand in for the package of that name.
sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))
