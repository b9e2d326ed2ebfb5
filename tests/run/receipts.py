"""Receipts of a day that is being lived: exported through its gateway, checked when all of its processes are gone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

from node.cometbft.rpc import RpcClient
from node.localnet.status import read_status
from node.run.genesis import VDG
from tests.proofs.command import VERIFIER
from wire.codec import decode, encode
from wire.settlement import Certificate, GetCertificateRequest, GetCertificateResponse

COMMAND = (sys.executable, "-m", "node.cli.main")
PRODUCTS = ("intraday", "real_time")
# The chain counts slots from the midnight before; what is traded before the reported ones counts as well.
SLOTS = range(144, 2 * 144)
DEADLINE_SECONDS = 60


class Exported(NamedTuple):
    """Receipts in files, and the genesis document from which they are checked."""

    files: tuple[Path, ...]
    genesis: Path

    def are_proved(self) -> bool:
        """Whether both the command and the program that shares no code with us say so of each."""
        ours = (*COMMAND, "proof", "check", "--genesis", str(self.genesis))
        for file in self.files:
            subprocess.run([*ours, str(file)], check=True, capture_output=True)
            theirs = (sys.executable, "-I", str(VERIFIER), str(file), str(self.genesis))
            subprocess.run(theirs, check=True, capture_output=True)
        return True


async def _first_certificate(net: Path) -> Certificate:
    url = (await read_status(net)).validators[0].rpc_url
    async with RpcClient(url) as rpc, asyncio.timeout(DEADLINE_SECONDS):
        while True:
            for name in (f"{VDG}/{slot}/{product}/0" for slot in SLOTS for product in PRODUCTS):
                answer = await rpc.abci_query("/settlement/GetCertificate", encode(GetCertificateRequest(name)))
                found = decode(GetCertificateResponse, answer.value).certificate
                if found is not None:
                    return found


def export_receipts(net: Path, folder: Path) -> Exported:
    """All four kinds, about the first energy that flowed from one home to another."""
    certificate = asyncio.run(_first_certificate(net))
    settings = yaml.safe_load((net.parent / "services" / "households" / "households.yaml").read_text())
    genesis = Path(settings["trust"]["genesis"])
    _, slot, product, _ = certificate.certificate_id.split("/")
    of_slot = ("--vdg", VDG, "--slot", slot)
    of_home = (*of_slot, "--account", certificate.consumer.hex())
    wanted = {
        "flow-proof": of_home,
        "settlement": of_home,
        "clearing": (*of_slot, "--product", product),
        "certificate": ("--certificate-id", certificate.certificate_id),
    }
    through = ("--gateway", settings["gateway"]["target"], "--genesis", str(genesis))
    files = {kind: folder / f"{kind}.json" for kind in wanted}
    exporting = [
        subprocess.Popen([*COMMAND, "receipt", kind, *options, *through, "--out", str(files[kind])])
        for kind, options in wanted.items()
    ]
    if any(command.wait() for command in exporting):
        raise RuntimeError("a receipt could not be exported")
    return Exported(tuple(files.values()), genesis)
