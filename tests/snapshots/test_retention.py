"""Which blocks CometBFT may forget: those older than both windows, and never those that joining nodes need."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.cometbft.genesis import ConsensusParams
from node.validator import retention
from node.validator.retention import Retention


def test_by_default_blocks_stay_for_longer_than_evidence_counts() -> None:
    params = ConsensusParams()
    assert params.evidence_max_age_blocks < retention.DEFAULT_RETAIN_BLOCKS
    assert params.evidence_max_age_seconds < retention.DEFAULT_RETAIN_SECONDS


@given(
    blocks=st.integers(1, 400),
    seconds=st.integers(0, 400),
    gaps=st.lists(st.integers(0, 9), min_size=1, max_size=300),
    restarts=st.sets(st.integers(1, 300), max_size=3),
)
def test_a_block_goes_once_it_is_older_than_both_windows_and_soon_after(
    tmp_path_factory: pytest.TempPathFactory, blocks: int, seconds: int, gaps: list[int], restarts: set[int]
) -> None:
    home = tmp_path_factory.mktemp("home")
    kept = Retention(home, blocks, seconds)
    times: dict[int, int] = {}
    time_s, before = 1000, 0
    for height, gap in enumerate(gaps, start=1):
        if height in restarts:
            kept = Retention(home, blocks, seconds)
        time_s += gap
        times[height] = time_s
        keep = kept.height_to_keep(height, time_s, None)
        assert keep >= before or keep == 0
        before = keep
        old = [each for each in times if each <= height - blocks and times[each] <= time_s - seconds]
        assert keep <= max(old, default=0)
        # In steps of a part of the window.
        assert not old or keep >= max(old) - max(1, blocks // 48) - 1


def test_blocks_after_the_oldest_snapshot_stay(tmp_path: Path) -> None:
    kept = Retention(tmp_path, blocks=1, seconds=0)
    assert [kept.height_to_keep(height, height, 4) for height in range(1, 9)] == [0, 1, 2, 3, 4, 5, 5, 5]


def test_nothing_goes_when_all_is_kept(tmp_path: Path) -> None:
    kept = Retention(tmp_path, blocks=0, seconds=0)
    assert {kept.height_to_keep(height, height, None) for height in range(1, 500)} == {0}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "7", "[[1]]", '[["a", 2]]'])
def test_a_broken_record_of_times_keeps_blocks_for_longer_and_no_more(tmp_path: Path, content: str) -> None:
    (tmp_path / "retention.json").write_text(content)
    kept = Retention(tmp_path, blocks=2, seconds=0)
    assert [kept.height_to_keep(height, height, None) for height in range(1, 5)] == [0, 0, 1, 2]


def test_a_state_that_was_set_back_begins_its_times_anew(tmp_path: Path) -> None:
    kept = Retention(tmp_path, blocks=2, seconds=0)
    for height in range(1, 20):
        kept.height_to_keep(height, height, None)
    # As after a restore of a backup.
    again = Retention(tmp_path, blocks=2, seconds=0)
    assert again.height_to_keep(5, 5, None) in (0, 3)
    assert [again.height_to_keep(height, height, None) for height in (6, 7, 8)][-1] == 6
