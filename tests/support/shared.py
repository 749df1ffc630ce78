"""Where the real captures and the real device's answers are, if they are here at all."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CAPTURES = SHARED / "captures"
ROBUSTNESS = CAPTURES / "robustness"

needs_shared = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="needs the public captures in a folder `shared` beside this repository"
)
