"""A short folder for a network: its sockets' paths must be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="part", dir="/tmp") as folder:
        yield Path(folder) / "net"
