"""What tests of files work on: a gateway, the genesis of its chain, and receipts that it can give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.app.keyring import address
from tests.app.world import VDG
from tests.proofs.command import vdg
from tests.proofs.lying_gateway import LyingGateway
from tests.proofs.proven_chain import CERTIFICATE

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "proof.schema.json").read_text())
ANN = address("ann").hex()
FLOW = ("flow-proof", "--vdg", VDG, "--slot", "10", "--account", ANN)
CLEARING = ("clearing", "--vdg", VDG, "--product", "intraday", "--slot", "20")
HOUSEHOLD = ("settlement", "--vdg", VDG, "--slot", "10", "--account", ANN)
RECEIPTS = (FLOW, CLEARING, ("certificate", "--certificate-id", CERTIFICATE), HOUSEHOLD)
BALANCE = ("query", "ledger", "balance", "--holder", ANN)


class Setting(NamedTuple):
    """A gateway, and the genesis document of its chain."""

    gateway: LyingGateway
    genesis: Path


async def exported(setting: Setting, receipt: tuple[str, ...], out: Path) -> dict[str, Any]:
    """The receipt that the command writes."""
    done = await vdg("receipt", *receipt, "--genesis", setting.genesis, "--out", out, gateway=setting.gateway.address)
    assert done.code == 0, done.err
    return dict(json.loads(out.read_text()))
