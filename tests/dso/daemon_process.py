"""The DSO's daemon as a real process, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from clients.dso.status import StatusError, read_status
from tests.dso.signer_process import CHAIN_ID, DEADLINE_S, FAST_KDF, VDG, SignerProcess
from wire import keystore

PASSPHRASE = "another passphrase"


class DaemonProcess:
    """Files in ``folder``; ``start`` and ``kill`` as often as wanted."""

    def __init__(self, folder: Path, signer: SignerProcess, seed: bytes, gateway: str, mqtt_port: int) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        keystore.create(folder / "dso-key.json", PASSPHRASE, seed=seed, kdf=FAST_KDF)
        pki = signer.folder / "pki"
        tls = {"authority": str(pki / "ca.crt"), "certificate": str(pki / "dso.crt"), "key": str(pki / "dso.key")}
        (folder / "forecast.csv").write_text(
            "slot_of_day,forecast\n" + "".join(f"{n},{0.5 if n >= 40 else 0}\n" for n in range(144))
        )
        self.configuration: dict[str, Any] = {
            "chain_id": CHAIN_ID,
            "vdg": VDG,
            "database": "dso.sqlite",
            "chain_state": "chain.sqlite",
            "status_file": "status.json",
            "findings_file": "findings.jsonl",
            "gateway": {"target": gateway},
            "account": {"keystore": "dso-key.json", "passphrase": {"env": "DSO_PASSPHRASE"}},
            "signer": {"address": signer.address().address, "tls": tls},
            "mqtt": {"url": f"mqtt://dso@127.0.0.1:{mqtt_port}"},
            "rebates": {"max_neur_per_wh": 20_001, "forecast_csv": "forecast.csv"},
        }
        self.file = folder / "dso.yaml"

    def start(self, **changes: object) -> None:
        """Start it, with changes of its configuration."""
        self.file.write_text(yaml.safe_dump({**self.configuration, **changes}))
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(self._command(), env=self._environment(), stderr=log)

    def run(self, **changes: object) -> subprocess.CompletedProcess[str]:
        """Run it to its end, which it must come to by itself."""
        self.file.write_text(yaml.safe_dump({**self.configuration, **changes}))
        return subprocess.run(
            self._command(), env=self._environment(), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(DEADLINE_S)

    def status(self) -> dict[str, Any]:
        """Its status, empty when there is none yet."""
        try:
            return read_status(self.folder / "status.json")
        except StatusError:
            return {}

    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.folder / "daemon.log").read_text()

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "clients.dso", str(self.file)]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DSO_PASSPHRASE": PASSPHRASE}


def seconds_until(moment_s: float) -> float:
    """How long it is until a Unix time, at least 0."""
    return max(0.0, moment_s - time.time())
