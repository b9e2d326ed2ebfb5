"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

# Other work on the machine must not fail a property: how long things take is measured where it is the point.
settings.register_profile("vdg", deadline=None, print_blob=True)
settings.load_profile("vdg")

# A line of the state machine counts as covered when a test in one of these folders gets there. Elsewhere it serves
# another purpose or none, and tracing it would only double the time of simulated days.
_TRACED = frozenset({"app", "devices", "governance", "grid", "ordering", "store"})
_HERE = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    paused: list[Coverage] = []
    if item.path.relative_to(_HERE).parts[0] not in _TRACED:
        # In a process of xdist there are two, one below the other: the mark `no_cover` would wake the lower.
        while (measuring := Coverage.current()) is not None:
            measuring.stop()
            paused.append(measuring)
    try:
        return (yield)
    finally:
        for measuring in reversed(paused):
            measuring.start()
