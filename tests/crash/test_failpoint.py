"""Fail points: inert, unless the environment names one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from node.failpoint import VARIABLE

REACH_THREE_TIMES = "from node.failpoint import reached\nfor _ in range(3): reached('here'); print('on', flush=True)"


def reach(value: str) -> subprocess.CompletedProcess[str]:
    """A process that comes to the point three times."""
    environment = os.environ | {VARIABLE: value}
    command = [sys.executable, "-c", REACH_THREE_TIMES]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("value", "said", "exit_code"),
    [
        ("", 3, 0),
        ("there:1", 3, 0),
        ("here", 0, -signal.SIGKILL),
        ("here:3", 2, -signal.SIGKILL),
        ("here:4", 3, 0),
    ],
)
def test_a_process_dies_at_the_point_and_time_that_it_was_told(value: str, said: int, exit_code: int) -> None:
    done = reach(value)
    assert (done.stdout.count("on"), done.returncode) == (said, exit_code)


@pytest.mark.parametrize("value", [":1", "here:0", "here:x", "here:-1"])
def test_what_is_no_point_is_refused_with_a_way_out(value: str) -> None:
    assert "give a point, or a point and a count from 1, as store.write.synced:3" in reach(value).stderr
