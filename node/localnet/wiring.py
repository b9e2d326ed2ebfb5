"""From a plan to the commands that are run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from node.localnet.plan import SOCKET, Plan, Service, ValidatorPlan, fill_in
from node.localnet.process import Command
from node.localnet.repair import repair
from node.localnet.unit import RestartPolicy, Unit
from node.validator.exits import FINAL, PASSING


def log_of(home: Path, process: str) -> Path:
    """Where the output of a process is kept."""
    return home / "log" / f"{process}.log"


def validator_unit(
    home: Path,
    plan: Plan,
    validator: ValidatorPlan,
    cometbft: Path,
    policy: RestartPolicy,
    on_change: Callable[[], None],
) -> Unit:
    """A validator's application (unless it is built into CometBFT) and its CometBFT, in this order."""
    folder = home / validator.name
    commands: list[Command] = []
    if plan.application.command:
        name = f"{validator.name}.app"
        argv = tuple(fill_in(part, {"home": str(folder)}) for part in plan.application.command)
        # CometBFT that finds no application tries again only after three seconds.
        ready = folder / SOCKET
        commands.append(
            Command(
                name,
                argv,
                folder,
                log_of(home, name),
                passing_ends=PASSING,
                final_ends=FINAL,
                ready=ready,
                grace_seconds=policy.grace_seconds,
            )
        )
    name = f"{validator.name}.cometbft"
    argv = (*validator.prefix, str(cometbft), "start", "--home", str(folder))
    commands.append(Command(name, argv, folder, log_of(home, name), grace_seconds=policy.grace_seconds))
    return Unit(
        validator.name,
        tuple(commands),
        leftovers=(folder / SOCKET,),
        prepare=lambda: _repair(folder, log_of(home, name)),
        policy=policy,
        on_change=on_change,
    )


def _repair(folder: Path, log: Path) -> None:
    """Put right what a kill has left of a validator's files, and say so in its log."""
    for line in repair(folder):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as out:
            out.write(f"vdg: {line}\n")


def service_unit(
    home: Path, plan: Plan, service: Service, policy: RestartPolicy, on_change: Callable[[], None]
) -> Unit:
    """A service's one process."""
    values = {f"rpc{index}": validator.rpc_url for index, validator in enumerate(plan.validators)}
    values["home"] = str(home)
    command = Command(
        service.name,
        tuple(fill_in(part, values) for part in service.command),
        home,
        log_of(home, service.name),
        {name: fill_in(value, values) for name, value in service.environment.items()},
        grace_seconds=policy.grace_seconds,
    )
    return Unit(service.name, (command,), policy=policy, on_change=on_change)
