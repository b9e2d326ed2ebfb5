"""The chain of a run: its validators' homes and its genesis."""

from __future__ import annotations

from pathlib import Path

from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.run.cast import Cast
from node.run.genesis import PROOF_DEADLINE_SLOTS, app_state
from node.run.timing import DayAhead, Timing

# Blocks that may pass after the last deadline before a run is given up.
_PATIENCE_SECONDS = 15


def make_chain(folder: Path, chain_id: str, cast: Cast, timing: Timing, day_ahead: DayAhead | None = None) -> Localnet:
    """A localnet of so many validators as the cast has operators, with its genesis.

    Raises: LocalnetError, HomeError when there is one in the folder already.
    """
    net = Localnet.create(
        folder, chain_id=chain_id, validators=len(cast.operators), settings=settings_for(timing.slot_seconds)
    )
    net.write_genesis(app_state(cast, net.validator_public_keys, timing.epoch_s, timing.slot_seconds, day_ahead))
    return net


def settings_for(slot_seconds: int) -> Settings:
    """Blocks fast enough for several a slot, and none for nothing more often than each second."""
    return Settings(
        timeout_commit_ms=max(150, min(500, 100 * slot_seconds)),
        create_empty_blocks_interval_ms=min(1000, 200 * slot_seconds),
        log_level="error",
    )


def given_up_s(timing: Timing) -> int:
    """The Unix time at which the last slot of the day must have been settled, some blocks of patience included."""
    return timing.slot_start_s(timing.last_slot + 1 + PROOF_DEADLINE_SLOTS) + _PATIENCE_SECONDS
