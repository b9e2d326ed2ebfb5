"""A cache and a PATH of one's own for every test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import node.toolchain.go


@dataclass(frozen=True)
class Place:
    """Where a test's cache is, and the folder whose `go` it finds."""

    cache: Path
    go: Path

    def inside(self) -> list[str]:
        """What is in the cache's folder of releases, without logs and locks."""
        kept = [path.name for path in (self.cache / "vdg" / "cometbft").glob("*")]
        return sorted(name for name in kept if not name.endswith((".log", ".lock")))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path / "cache", tmp_path / "go")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.cache))
    monkeypatch.setenv("PATH", f"{place.go}:/usr/bin:/bin")
    monkeypatch.setattr(node.toolchain.go, "USUAL_PLACE", tmp_path / "nowhere")
    monkeypatch.delenv("GOMODCACHE", raising=False)
    monkeypatch.delenv("GOCACHE", raising=False)
    return place
