"""What `vdg node join` tells while its node waits for a snapshot, and while it restores one."""

from __future__ import annotations

from pathlib import Path

from node.cli.joining_progress import NO_SNAPSHOT, PATIENCE_SECONDS, JoiningProgress

STARTED = "2026-11-22 04:17:50,205 INFO node.abci.connection connection 1 opened\n"
RESTORING = "2026-11-22 04:17:59,205 INFO node.snapshots.service restoring: 1 of 6 chunks\n"


def test_that_no_peer_has_a_snapshot_is_told_once_with_what_it_waits_for(tmp_path: Path) -> None:
    log, told, seconds = tmp_path / "node.app.log", list[str](), [100.0]
    progress = JoiningProgress(log, told.append, lambda: seconds[0])
    progress.show()
    log.write_text(STARTED)
    seconds[0] += PATIENCE_SECONDS - 1
    progress.show()
    assert told == []
    seconds[0] += 1
    progress.show()
    progress.show()
    assert told == [NO_SNAPSHOT]
    log.write_text(STARTED + RESTORING)
    progress.show()
    assert told == [NO_SNAPSHOT, "restoring: 1 of 6 chunks"]


def test_a_node_that_restores_is_not_said_to_wait(tmp_path: Path) -> None:
    log, told, seconds = tmp_path / "node.app.log", list[str](), [100.0]
    log.write_text(STARTED + RESTORING)
    progress = JoiningProgress(log, told.append, lambda: seconds[0])
    progress.show()
    seconds[0] += 2 * PATIENCE_SECONDS
    progress.show()
    assert told == ["restoring: 1 of 6 chunks"]
