"""Short folders for networks: the path of a socket may have about 107 bytes only."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vdg") as folder:
        yield Path(folder).resolve()
