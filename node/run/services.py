"""The processes beside the validators: their configuration files, keys and commands."""

from __future__ import annotations

import csv
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from clients.dso.pki import make_pki
from clients.dso.signer.process import initialise
from node.localnet.plan import Service
from node.localnet.ports import free_ports
from node.run.cast import Actor, Cast
from node.run.genesis import MAX_REBATE_NEUR_PER_WH, VDG
from node.run.timing import SLOTS_PER_DAY, Timing
from wire import keystore

LOOPBACK = "127.0.0.1"
_MAX_FLOW_WH = 10_000


class Stage:
    """The folder of a run with what its services need; ``services`` are to be started in their order."""

    def __init__(self, folder: Path, chain_id: str, cast: Cast, timing: Timing, day: str) -> None:
        self.folder = folder
        self._chain_id = chain_id
        self._cast = cast
        self._timing = timing
        self._day = day
        self._passphrase_file = folder / "passphrase"
        gateway, broker, signer = free_ports(3)
        self.gateway = f"{LOOPBACK}:{gateway}"
        self._broker_port = broker
        self._signer = f"{LOOPBACK}:{signer}"

    @property
    def _broker(self) -> str:
        return f"mqtt://{LOOPBACK}:{self._broker_port}"

    def services(self, validators: int) -> list[Service]:
        """Write all files; the processes in the order in which they start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        passphrase = secrets.token_hex(16)
        write_private(self._passphrase_file, passphrase + "\n")
        make_pki(self.folder / "pki", ["localhost", LOOPBACK], ["dso"])
        self._keep_key(self._cast.proof_key, passphrase)
        self._keep_key(self._cast.dso, passphrase)
        return [
            self._broker_service(),
            self._emulator(),
            self._gateway(validators),
            self._signer_service(),
            self._dso(),
            self._households(),
        ]

    def _keep_key(self, actor: Actor, passphrase: str) -> Path:
        path = self.folder / "keys" / f"{actor.name}.json"
        keystore.create(path, passphrase, seed=actor.seed)
        return path

    def _configuration(self, name: str, content: dict[str, Any]) -> str:
        path = self.folder / f"{name}.yaml"
        write_private(path, yaml.safe_dump(content, sort_keys=False))
        return str(path)

    def _broker_service(self) -> Service:
        return Service(name="broker", command=("{python}", "-m", "emulator.broker", "--port", str(self._broker_port)))

    def _emulator(self) -> Service:
        timing = self._timing
        command = (
            "{python}", "-m", "emulator",
            "--epoch", str(timing.epoch_s),
            "--slot-seconds", str(timing.slot_seconds),
            "--day", self._day,
            "--day-slot", str(timing.day_slot),
            "--first-slot", str(timing.first_slot),
            "--homes", str(len(self._cast.households)),
            "--broker", self._broker,
            "--state", str(self.folder / "emulator.json"),
            "--json",
        )  # fmt: skip
        return Service(name="emulator", command=command)

    def _gateway(self, validators: int) -> Service:
        nodes = [part for index in range(validators) for part in ("--node", f"{{rpc{index}}}")]
        command = ("{python}", "-m", "node.gateway", *nodes, "--listen", self.gateway, "--log-level", "warning")
        return Service(name="gateway", command=command)

    def _passphrase(self) -> dict[str, str]:
        return {"file": str(self._passphrase_file)}

    def _tls(self, name: str) -> dict[str, str]:
        pki = self.folder / "pki"
        return {
            "authority": str(pki / "ca.crt"),
            "certificate": str(pki / f"{name}.crt"),
            "key": str(pki / f"{name}.key"),
        }

    def _signer_service(self) -> Service:
        meters = self.folder / "meters.csv"
        with meters.open("w", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["account", "meter"])
            rows.writerows([actor.address.hex(), home.meter] for home, actor in self._cast.households)
        content = {
            "listen": self._signer,
            "keystore": str(self.folder / "keys" / "proof-key.json"),
            "passphrase": self._passphrase(),
            "record": str(self.folder / "signed.db"),
            "tls": self._tls("server"),
            "allowed_clients": ["dso"],
            "clock_tolerance_s": 0.5,
            "grids": [
                {
                    "chain_id": self._chain_id,
                    "vdg": VDG,
                    "epoch_s": self._timing.epoch_s,
                    "slot_seconds": self._timing.slot_seconds,
                    "max_flow_wh": _MAX_FLOW_WH,
                    "meters_csv": str(meters),
                }
            ],
        }
        configuration = self._configuration("signer", content)
        initialise(Path(configuration))
        return Service(name="signer", command=("{python}", "-m", "clients.dso.signer", configuration))

    def _dso(self) -> Service:
        forecast = self.folder / "forecast.csv"
        self._write_forecast(forecast)
        content = {
            "chain_id": self._chain_id,
            "vdg": VDG,
            "database": str(self.folder / "dso.db"),
            "chain_state": str(self.folder / "dso-chain.db"),
            "status_file": str(self.folder / "dso-status.json"),
            "findings_file": str(self.folder / "dso-findings.jsonl"),
            "gateway": {"target": self.gateway},
            "account": {"keystore": str(self.folder / "keys" / "dso.json"), "passphrase": self._passphrase()},
            "signer": {"address": self._signer, "tls": self._tls("dso")},
            "mqtt": {"url": self._broker.replace("//", "//vdg-dso@")},
            "rebates": {"max_neur_per_wh": MAX_REBATE_NEUR_PER_WH, "forecast_csv": str(forecast)},
        }
        return Service(name="dso", command=("{python}", "-m", "clients.dso", self._configuration("dso", content)))

    def _write_forecast(self, path: Path) -> None:
        """g_hat of (4.1): the homes' average PV of the day before, normalised to 1 (persistence)."""
        before = range(-SLOTS_PER_DAY, 0)
        average = np.array([[home.pv_at(slot) for slot in before] for home, _ in self._cast.households]).mean(axis=0)
        largest = float(average.max()) or 1.0
        with path.open("w", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["slot_of_day", "forecast"])
            rows.writerows([slot, round(float(value) / largest, 6)] for slot, value in enumerate(average))

    def _households(self) -> Service:
        homes = []
        for home, actor in self._cast.households:
            seed = self.folder / "keys" / f"{actor.name}.seed"
            actor.write_seed(seed)
            homes.append({"id": home.id, "seed_file": str(seed), "meter": home.meter})
        content = {
            "gateway": {"target": self.gateway, "chain_id": self._chain_id},
            "mqtt": {"url": self._broker.replace("//", "//vdg-household@")},
            "data": str(self.folder / "household"),
            "vdg": VDG,
            # Nobody would live to settle what is traded for later slots.
            "offers": {"last_slot": self._timing.last_slot},
            "homes": homes,
        }
        configuration = self._configuration("household", content)
        return Service(name="households", command=("{python}", "-m", "clients.household", "--config", configuration))


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
