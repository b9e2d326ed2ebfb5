"""From one application to another by way of a snapshot."""

from __future__ import annotations

from pathlib import Path

from abci_app.app import App
from node.snapshots.service import Snapshots
from node.validator.state_home import StateHome


def taken(app: App, home: Path) -> Snapshots:
    """The snapshots of a home, with one of the application's last block."""
    snapshots = Snapshots(home, interval_blocks=1)
    snapshots.committed(app)
    snapshots.wait()
    return snapshots


def restored(app: App, folder: Path) -> StateHome:
    """A home with the state of an application, as it comes out of a snapshot."""
    source, home = taken(app, folder / "source"), folder / "target"
    state, target = StateHome(home), Snapshots(home)
    offer = source.offers[-1]
    target.offer(offer, app.last_block.app_hash)
    for index in reversed(range(offer.chunks)):
        complete = target.apply(index, source.chunk(offer.height, offer.format, index))
        assert complete == (index == 0)
    target.finish(state.replace)
    return state
