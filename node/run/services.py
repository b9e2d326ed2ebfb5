"""The processes beside the validators: their configuration files, keys and commands."""

from __future__ import annotations

import csv
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from clients.common.slots import SLOTS_PER_DAY
from clients.dso.signer.process import initialise
from clients.household.strategy import StrategyName
from emulator.clock import Clock
from emulator.flexible import flexible_devices
from emulator.scenario import NETWORKS
from node.localnet.plan import Service
from node.run.cast import Actor, Cast
from node.run.devices import device_sections
from node.run.genesis import MAX_REBATE_NEUR_PER_WH, VDG
from node.run.homes import MAX_FLOW_WH
from node.run.scenario import GridPlan
from node.run.site import Site
from node.run.timing import Timing
from wire import keystore

# Thesis 6.2: 1.2 of 9 kWh.
CONTROL_ROOM_PERMILLE = 133


class Stage:
    """The processes of a run beside its validators; ``services`` are to be started in their order.

    ``data``: the folder of CSV files that the homes come from; None for the built-in year.
    """

    def __init__(
        self,
        site: Site,
        chain_id: str,
        cast: Cast,
        timing: Timing,
        day: str,
        strategy: StrategyName = StrategyName.PLANNED,
        plan: GridPlan | None = None,
        devices: int = 0,
        data: Path | None = None,
    ) -> None:
        self.site = site
        self._chain_id = chain_id
        self._cast = cast
        self._timing = timing
        self._day = day
        self._strategy = strategy
        self._plan = plan
        self._devices = devices
        self._data = data

    def services(self, validators: int, genesis: Path) -> list[Service]:
        """Write all files, each service's in its own folder; the processes in the order in which they start.

        ``genesis`` is the chain's genesis document, in whose validators the homes put their trust.
        """
        self.site.certify()
        return [
            self.site.broker_service(),
            self._emulator(),
            self._gateway(validators),
            self._signer_service(),
            self._dso(),
            self._households(genesis),
            *([self._controller()] if self._plan is not None and self._plan.switched else []),
        ]

    def _keep_key(self, service: str, actor: Actor) -> dict[str, Any]:
        """A keystore in a service's folder, with a passphrase of its own."""
        folder = self.site.folder_of(service)
        passphrase = secrets.token_hex(16)
        write_private(folder / "passphrase", passphrase + "\n")
        path = folder / f"{actor.name}.json"
        keystore.create(path, passphrase, seed=actor.seed)
        return {"keystore": str(path), "passphrase": {"file": str(folder / "passphrase")}}

    def _configuration(self, service: str, content: dict[str, Any]) -> str:
        path = self.site.folder_of(service) / f"{service}.yaml"
        write_private(path, yaml.safe_dump(content, sort_keys=False))
        return str(path)

    def _emulator(self) -> Service:
        timing = self._timing
        command: tuple[str, ...] = (
            "{python}", "-m", "emulator",
            "--epoch", str(timing.epoch_s),
            "--slot-seconds", str(timing.slot_seconds),
            "--day", self._day,
            "--day-slot", str(timing.day_slot),
            "--first-slot", str(timing.first_slot),
            "--homes", str(len(self._cast.households)),
            "--state", str(self.site.folder_of("emulator") / "emulator.json"),
            "--devices", str(self._devices),
            "--json",
        )  # fmt: skip
        if self._data is not None:
            command = (*command, "--data", str(self._data.resolve()))
        if self._plan is not None:
            switches = (part for home in self._plan.switched for part in ("--switch", home))
            command = (*command, "--scenario", self._plan.scenario.value, *switches)
        return Service(name="emulator", command=command, environment=self.site.environment("emulator"))

    def _gateway(self, validators: int) -> Service:
        nodes = [part for index in range(validators) for part in ("--node", f"{{rpc{index}}}")]
        listen = self.site.listening(self.site.gateway)
        options = ("--listen", listen, *self.site.gateway_options(), "--log-level", "warning")
        return Service(name="gateway", command=("{python}", "-m", "node.gateway", *nodes, *options))

    def _signer_service(self) -> Service:
        folder = self.site.folder_of("signer")
        meters = folder / "meters.csv"
        with meters.open("w", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["account", "meter"])
            rows.writerows([actor.address.hex(), home.meter] for home, actor in self._cast.households)
        content = {
            "listen": self.site.listening(self.site.signer),
            **self._keep_key("signer", self._cast.proof_key),
            "record": str(folder / "signed.db"),
            "tls": self.site.certificate_files("signer", "server", "signer"),
            "allowed_clients": ["dso"],
            "clock_tolerance_s": 0.5,
            "grids": [
                {
                    "chain_id": self._chain_id,
                    "vdg": VDG,
                    "epoch_s": self._timing.epoch_s,
                    "slot_seconds": self._timing.slot_seconds,
                    "max_flow_wh": MAX_FLOW_WH,
                    "meters_csv": str(meters),
                }
            ],
        }
        configuration = self._configuration("signer", content)
        initialise(Path(configuration))
        return Service(name="signer", command=("{python}", "-m", "clients.dso.signer", configuration))

    def _dso(self) -> Service:
        folder = self.site.folder_of("dso")
        forecast = folder / "forecast.csv"
        self._write_forecast(forecast)
        content = {
            "chain_id": self._chain_id,
            "vdg": VDG,
            "database": str(folder / "dso.db"),
            "chain_state": str(folder / "dso-chain.db"),
            "status_file": str(folder / "status.json"),
            "findings_file": str(folder / "findings.jsonl"),
            "gateway": self.site.gateway_section("dso"),
            "account": self._keep_key("dso", self._cast.dso),
            "signer": {"address": self.site.signer, "tls": self.site.certificate_files("dso", "dso", "signer")},
            "mqtt": self.site.broker_section("dso"),
            "rebates": {"max_neur_per_wh": MAX_REBATE_NEUR_PER_WH, "forecast_csv": str(forecast)},
        }
        if self._plan is not None:
            content |= self._operation(self._plan)
        command = ("{python}", "-m", "clients.dso", self._configuration("dso", content))
        # Its flows are small: a thread of the algebra's own for each core would only be waited for.
        environment = {"OPENBLAS_NUM_THREADS": "1"} | self.site.environment("dso")
        return Service(name="dso", command=command, environment=environment)

    def _operation(self, plan: GridPlan) -> dict[str, Any]:
        """What the DSO needs to know to operate the grid itself."""
        network, homes_csv = NETWORKS[plan.scenario], self._write_homes("dso")
        sections: dict[str, Any] = {"control": {"network": network, "homes_csv": homes_csv}}
        if plan.switched:
            sections["switching"] = {}
        if plan.strained:
            sections["caps"] = {}
        return sections

    def _write_homes(self, service: str) -> str:
        """Whose home is which on the grid."""
        path = self.site.folder_of(service) / "homes.csv"
        with path.open("w", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["account", "home"])
            rows.writerows([actor.address.hex(), home.id] for home, actor in self._cast.households)
        return str(path)

    def _controller(self) -> Service:
        content = {
            "chain_id": self._chain_id,
            "vdg": VDG,
            "chain_state": str(self.site.folder_of("switches") / "chain.db"),
            "gateway": self.site.gateway_section("switches"),
            "account": self._keep_key("switches", self._cast.controller),
            "mqtt": self.site.broker_section("switches") | {"client_id": "vdg-switches"},
            "homes_csv": self._write_homes("switches"),
        }
        command = ("{python}", "-m", "clients.dso.switches", self._configuration("switches", content))
        return Service(name="switches", command=command, environment=self.site.environment("switches"))

    def _write_forecast(self, path: Path) -> None:
        """g_hat of (4.1): the homes' average PV of the day before, normalised to 1 (persistence)."""
        before = range(-SLOTS_PER_DAY, 0)
        average = np.array([[home.pv_at(slot) for slot in before] for home, _ in self._cast.households]).mean(axis=0)
        largest = float(average.max()) or 1.0
        with path.open("w", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["slot_of_day", "forecast"])
            rows.writerows([slot, round(float(value) / largest, 6)] for slot, value in enumerate(average))

    def _households(self, genesis: Path) -> Service:
        folder = self.site.folder_of("households")
        trusted = folder / "genesis.json"
        write_private(trusted, genesis.read_text())
        homes = []
        clock = Clock(self._timing.epoch_s, self._timing.slot_seconds)
        devices = flexible_devices([home for home, _ in self._cast.households], self._devices, clock, 1)
        for home, actor in self._cast.households:
            seed = folder / "keys" / f"{actor.name}.seed"
            actor.write_seed(seed)
            listed = [section.model_dump(mode="json") for section in device_sections(devices.get(home.id, ()))]
            homes.append({"id": home.id, "seed_file": str(seed), "meter": home.meter, "devices": listed})
        content = {
            "gateway": self.site.gateway_section("households") | {"chain_id": self._chain_id},
            "trust": {"genesis": str(trusted)},
            "mqtt": self.site.broker_section("households"),
            "data": str(folder / "data"),
            "vdg": VDG,
            "strategy": self._strategy.value,
            # Nobody would live to settle what is traded for later slots.
            "offers": {"last_slot": self._timing.last_slot},
            "homes": homes,
        }
        if self._plan is not None and self._plan.strained:
            content["control"] = {"room_permille": CONTROL_ROOM_PERMILLE}
        configuration = self._configuration("households", content)
        command = ("{python}", "-m", "clients.household", "--config", configuration)
        return Service(name="households", command=command, environment=self.site.environment("households"))


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
