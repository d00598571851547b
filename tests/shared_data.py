"""Where the public example data lies; tests that need it skip, saying so, where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("JOINUP_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def shared_data(relative: str) -> Path:
    """The path of an example file or folder below the shared data, or a skip that names it."""
    path = ROOT / relative
    if not path.exists():
        pytest.skip(f"example data absent: {relative} (set JOINUP_SHARED_DATA to the folder that holds it)")
    return path
