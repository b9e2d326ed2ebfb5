"""Keys, certificates, genesis and settings of a neighbourhood, each service's into its own volume."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from emulator.homes import neighbourhood
from node.cometbft.home import Home
from node.cometbft.settings import Wiring
from node.containers.description import P2P_PORT, ROOT, RPC_PORT, VALIDATORS, RunFile, ServiceFile
from node.containers.site import EVERYWHERE, ContainerSite
from node.localnet.localnet import Localnet
from node.localnet.plan import Service, fill_in
from node.run.cast import Cast
from node.run.chain import make_chain, settings_for
from node.run.services import Stage, write_private
from node.run.timing import Timing

# How long the containers may take to start before the homes' first slot.
START_SECONDS = 60
DONE = ROOT / "keys" / "prepared"


class Options(NamedTuple):
    """What a user chooses; ``from_slot`` is a slot of the day."""

    slot_seconds: int
    from_slot: int
    slots: int
    homes: int
    day: str


class PrepareError(Exception):
    """The volumes can't be used; the message says why and what to do."""


def prepare(options: Options) -> bool:
    """Write all files, unless an earlier run did; returns whether it did now.

    Raises: PrepareError when an earlier one was broken off; ValueError naming the option.
    """
    if DONE.exists():
        return False
    if any(path for path in ROOT.glob("*/*")):
        raise PrepareError(f"an earlier preparation of {ROOT} was broken off: `docker compose down --volumes`, then up")
    now_s = int(time.time())
    homes = neighbourhood(options.homes, options.day)
    timing = Timing.starting(now_s + START_SECONDS, options.slot_seconds, options.from_slot, options.slots)
    cast = Cast.fresh(homes, VALIDATORS)
    chain_id = f"vdg-{options.day}-{now_s}"
    net = make_chain(ROOT, chain_id, cast, timing)
    connect_validators(net, options.slot_seconds)
    stage = Stage(ContainerSite.below(ROOT), chain_id, cast, timing, options.day)
    rpc_urls = tuple(validator.rpc_url for validator in net.plan.validators)
    for service in stage.services(VALIDATORS, net.genesis_file):
        write_service(service, rpc_urls, 30 + 3 * options.slot_seconds)
    write_run(cast, timing, chain_id, options.day, now_s, rpc_urls)
    for actor in (cast.registrar, cast.issuer, *cast.operators):
        actor.write_seed(ROOT / "keys" / f"{actor.name}.seed")
    DONE.touch()
    return True


def connect_validators(net: Localnet, slot_seconds: int) -> None:
    """Let the validators find each other by their containers' names; each gets the plan, in which nothing is secret."""
    members = tuple(
        validator.model_copy(update={"host": validator.name, "rpc_port": RPC_PORT, "p2p_port": P2P_PORT})
        for validator in net.plan.validators
    )
    net.plan = net.plan.model_copy(update={"validators": members})
    settings = settings_for(slot_seconds)
    for own in members:
        peers = tuple(f"{peer.node_id}@{peer.host}:{P2P_PORT}" for peer in members if peer is not own)
        wiring = Wiring(own.name, net.plan.application.proxy_app, RPC_PORT, P2P_PORT, peers, host=EVERYWHERE)
        Home.open(ROOT / own.name).write_config(settings, wiring)
        net.plan.save(ROOT / own.name)


def write_service(service: Service, rpc_urls: tuple[str, ...], fresh_seconds: int) -> None:
    """A service's process, into its own folder: it may hold a password."""
    urls = {f"rpc{index}": url for index, url in enumerate(rpc_urls)}
    command = tuple(fill_in(part, urls) for part in service.command)
    if service.name == "emulator":
        # The reporter reads there what the batteries hold.
        command = ("/bin/sh", "-c", 'exec "$0" "$@" >> /vdg/emulator/emulator.log', *command)
    filled = service.model_copy(update={"command": command})
    content = ServiceFile(service=filled, fresh_seconds=fresh_seconds).model_dump_json()
    write_private(ServiceFile.path(service.name), content)


def write_run(cast: Cast, timing: Timing, chain_id: str, day: str, started_s: int, rpc_urls: tuple[str, ...]) -> None:
    """What the reporter needs."""
    seed_file: Path = RunFile.path().with_name("supplier.seed")
    cast.supplier.write_seed(seed_file)
    run = RunFile(
        chain_id=chain_id,
        started_s=started_s,
        day=day,
        accounts=tuple(address.hex() for _, address in cast.accounts),
        dso=cast.dso.address.hex(),
        probing_seed_file=str(seed_file),
        rpc_urls=rpc_urls,
        **timing._asdict(),
    )
    RunFile.path().write_text(run.model_dump_json())
