"""What holds for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

# Other work on the machine must not fail a property: how long things take is measured where it is the point.
settings.register_profile("vdg", deadline=None, print_blob=True)
settings.load_profile("vdg")
# Started in the background, this process and so all that it starts would be deaf to Ctrl-C, which tests press.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Tests run in several processes on two cores: a library that starts a thread a core for small products gets in the way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A line of the state machine counts as covered when a test in one of these folders gets there. Elsewhere it serves
# another purpose or none, and tracing it would only double the time of simulated days.
_TRACED = frozenset({"app", "devices", "governance", "grid", "ordering", "store"})
# By folder, the chains that many tests share. Those tests stay in one process, or each process would start its own.
_SHARED = {"commands": "commands", "gateway": "chain", "proofs": "host"}
# Neighbourhoods of many processes that must keep up with slots of a second or two: one at a time.
_LIVING = frozenset(
    {
        "dso/test_daemon.py",
        "household/test_process.py",
        "household/test_sunspec_process.py",
        "household/test_verification.py",
        "run/test_day.py",
    }
)
_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = _folder(item)
        if isinstance(item, pytest.Function) and _SHARED.get(folder) in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(folder))
        if item.path.relative_to(_HERE).as_posix() in _LIVING:
            item.add_marker(pytest.mark.xdist_group("living"))
    # What waits for blocks starts first; in the end there is only what computes, in small pieces, for all processes.
    items.sort(key=lambda item: item.get_closest_marker("network") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if getattr(session.config.option, "loadgroup", False) and not all("@" in item.nodeid for item in grouped):
        raise pytest.UsageError("pytest-xdist put no tests into groups, so that neighbourhoods would run side by side")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    paused: list[Coverage] = []
    if _folder(item) not in _TRACED:
        # In a process of xdist there are two, one below the other: the mark `no_cover` would wake the lower.
        while (measuring := Coverage.current()) is not None:
            measuring.stop()
            paused.append(measuring)
    try:
        return (yield)
    finally:
        for measuring in reversed(paused):
            measuring.start()


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_HERE).parts[0]
