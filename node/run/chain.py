"""The chain of a run: its validators' homes and its genesis."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from node.cometbft.genesis import ConsensusParams
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import VDG as VDG_APPLICATION
from node.localnet.plan import Application
from node.run.cast import Cast
from node.run.genesis import PROOF_DEADLINE_SLOTS, app_state
from node.run.scenario import GridPlan
from node.run.timing import DayAhead, Timing

# Blocks that may pass after the last deadline before a run is given up.
_PATIENCE_SECONDS = 15
# A session of control that has to move flows waits for blocks, one a signal.
_QUICK = Settings(timeout_commit_ms=100, create_empty_blocks_interval_ms=1000, log_level="error", tx_index=False)


class Memory(NamedTuple):
    """For how many slots blocks, evidence and the records of slots are kept, when not for as long as usual."""

    slots: int

    def application(self, slot_seconds: int) -> Application:
        """The validators' application, which lets CometBFT prune what is older."""
        options = ("--retain-blocks", "20", "--retain-seconds", str(self.slots * slot_seconds))
        return Application.of_command(*VDG_APPLICATION.command, *options)

    def params(self, slot_seconds: int) -> ConsensusParams:
        """With no evidence that would keep blocks for longer."""
        return ConsensusParams(evidence_max_age_seconds=self.slots * slot_seconds, evidence_max_age_blocks=20)


def make_chain(
    folder: Path,
    chain_id: str,
    cast: Cast,
    timing: Timing,
    day_ahead: DayAhead | None = None,
    memory: Memory | None = None,
    plan: GridPlan | None = None,
) -> Localnet:
    """A localnet of so many validators as the cast has operators, with its genesis.

    Raises: LocalnetError, HomeError when there is one in the folder already.
    """
    net = Localnet.create(
        folder,
        chain_id=chain_id,
        validators=len(cast.operators),
        application=memory.application(timing.slot_seconds) if memory else VDG_APPLICATION,
        settings=_QUICK if plan is not None and plan.strained else settings_for(timing.slot_seconds),
    )
    state = app_state(cast, net.validator_public_keys, timing.epoch_s, timing.slot_seconds, day_ahead, plan)
    if memory is not None:
        state["settlement"]["keep_slots"] = memory.slots
    net.write_genesis(state, params=memory.params(timing.slot_seconds) if memory else None)
    return net


def settings_for(slot_seconds: int) -> Settings:
    """Blocks fast enough for several a slot, and none for nothing more often than each second."""
    return Settings(
        timeout_commit_ms=max(150, min(500, 100 * slot_seconds)),
        create_empty_blocks_interval_ms=min(1000, 200 * slot_seconds),
        log_level="error",
        # The gateway remembers what is asked for again, and nothing else grows as much.
        tx_index=False,
    )


def given_up_s(timing: Timing) -> int:
    """The Unix time at which the last slot of the day must have been settled, some blocks of patience included."""
    return timing.slot_start_s(timing.last_slot + 1 + PROOF_DEADLINE_SLOTS) + _PATIENCE_SECONDS
