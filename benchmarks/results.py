"""What was measured, kept as JSON with the facts of the machine, and printed as tables."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, float]

UNITS: dict[str, tuple[str, Callable[[float], str]]] = {
    # figure: how its column is headed, and how it is written
    "seconds": ("seconds", lambda value: f"{value:.3f}"),
    "cpu_seconds": ("processor seconds", lambda value: f"{value:.3f}"),
    "ratio": ("ratio", lambda value: f"{value:.2f}"),
    "packets_per_second": ("million packets/s", lambda value: f"{value / 1e6:.2f}"),
    "bytes_per_second": ("GB/s", lambda value: f"{value / 1e9:.2f}"),
    "peak_bytes": ("peak memory, MB", lambda value: f"{value / 1e6:.0f}"),
}


class Results:
    """Figures by section and name, in the order of measuring."""

    def __init__(self, machine: dict[str, Any]) -> None:
        self.machine = machine
        self.sections: dict[str, dict[str, Figures]] = {}

    def add(self, section: str, name: str, **figures: float) -> None:
        """Keep figures (``UNITS``) of something."""
        assert figures.keys() <= UNITS.keys()
        self.sections.setdefault(section, {})[name] = figures

    def print(self, section: str) -> None:
        """Print a section as a Markdown table."""
        rows = self.sections[section]
        kinds = [kind for kind in UNITS if any(kind in row for row in rows.values())]
        print(f"\n### {section}\n")
        print(f"| | {' | '.join(UNITS[kind][0] for kind in kinds)} |")
        print(f"| --- |{' --: |' * len(kinds)}")
        for name, row in rows.items():
            cells = (UNITS[kind][1](row[kind]) if kind in row else "" for kind in kinds)
            print(f"| {name} | {' | '.join(cells)} |", flush=True)

    def save(self, directory: Path) -> Path:
        """Write everything to a file of its own, named by the time, and return its path."""
        path = directory / time.strftime("benchmarks-%Y%m%d-%H%M%S.json", time.gmtime())
        written = {"machine": self.machine, "sections": self.sections}
        path.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
        return path
