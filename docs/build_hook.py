"""Put the manual pages into the wheel, where man finds them once it is installed."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface):  # type: ignore[type-arg]
    """Writes the pages anew for every wheel: they are what ``--help`` says."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages to what is installed beside the package."""
        sys.path.insert(0, self.root)
        from docs.manual import write_pages

        self._folder = tempfile.TemporaryDirectory()
        for page in write_pages(Path(self._folder.name)):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the pages away that are in the wheel now."""
        self._folder.cleanup()
