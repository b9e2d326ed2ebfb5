"""Kills and power cuts, a fixed small part of the campaigns of `make soak`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

both = pytest.mark.parametrize("store", ["level", "sqlite"])


def campaign(module: str, *options: str) -> Any:
    """Run a campaign in a process of its own, as it forks; its summary."""
    command = [sys.executable, "-m", f"tests.crash.{module}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@both
def test_an_application_killed_at_any_point_comes_back_as_if_it_never_had_been(store: str) -> None:
    summary = campaign("inprocess", "--store", store, "--every", "20", "--random", "10")
    assert summary["kills"] >= 100
    points = set(summary["kills_by_point"])
    requests = ["info", "init_chain", "check_tx", "prepare_proposal", "process_proposal", "finalize_block", "commit"]
    assert points >= {f"abci.{request}.{side}" for request in requests for side in ("before", "after")}
    assert points >= {"store.write.before", "store.write.filled", "store.write.synced", "at a random time"}


@pytest.mark.network
def test_a_node_killed_when_half_a_frame_has_gone_over_its_socket_comes_back_as_if_it_never_had_been() -> None:
    summary = campaign("frames", "--cuts", "0")
    assert summary["kills"] == sum(summary["kills_by_frame"].values()) == 6


@both
def test_after_a_power_cut_the_last_synced_commit_or_the_one_in_hand_is_there_and_replays(store: str) -> None:
    summary = campaign("torn", "--store", store, "--stride", "256", "--heights", "3")
    assert set(summary["by_kind"]) >= {"cut off", "zeros", "garbage", "reordered", "synced bytes lost"}
    assert summary["tears"] >= 20


@pytest.mark.parametrize(("store", "flips"), [("level", "3"), ("sqlite", "16")])
def test_damage_to_a_store_is_noticed_or_does_no_harm(store: str, flips: str) -> None:
    summary = campaign("damage", "--store", store, "--flips", flips)
    assert summary["damages"] >= 20
    assert summary["closed"]["noticed"]
