"""Registrars, DSOs and suppliers: accounts, VDGs, terms, devices."""

from __future__ import annotations

from random import Random

from tests.app.keyring import address, public_key_of, sign_with
from tests.simulator.letter import Letter
from tests.simulator.stage import CHAIN_ID, EPOCH_S, HOMES, OFFICE
from tests.simulator.view import View
from wire.accounts import AdmitAccount, Role, RotateKey, SetFrozen, SetRoles, rotation_bytes
from wire.asset import Asset, AssetKind, RegisterAsset, RemoveAsset
from wire.grid import AddMember, CreateGrid, Grid, SetCaps, SetProofKey, SetRebates, SetSupplier, SetTariff

_REGISTRARS = ("registrar", "registrar", "registrar-2", "omar", "ann")


def admit(random: Random, view: View) -> list[Letter]:
    """A newcomer, or somebody who is there; as a household, or as anything."""
    name = f"new-{random.randrange(12)}"
    key = view.learn(name) if random.random() < 0.9 else public_key_of("ann")
    roles = (Role.ROLE_HOUSEHOLD,) if random.random() < 0.7 else tuple(sorted(random.sample(list(Role), 2)))
    return [Letter(random.choice(_REGISTRARS), AdmitAccount(key, roles, name))]


def change_roles(random: Random, view: View) -> list[Letter]:
    """Mostly roles that leave the world as it is; sometimes a registrar's own."""
    name = random.choice([*view.people(), "zoe"])
    account = view.books.accounts.get(address(name))
    roles = account.roles if account and random.random() < 0.6 else (random.choice(list(Role)),)
    letters = [Letter(random.choice(_REGISTRARS), SetRoles(address(name), roles))]
    if account is not None and roles != account.roles:
        letters.append(Letter("registrar", SetRoles(address(name), account.roles)))
    return letters


def restore_roles(random: Random, view: View) -> list[Letter]:
    """Give somebody of the office the roles of the genesis again."""
    name = random.choice(list(OFFICE))
    roles = tuple(sorted(Role[f"ROLE_{role.upper()}"] for role in OFFICE[name]))
    return [Letter(random.choice(_REGISTRARS), SetRoles(address(name), roles))]


def freeze(random: Random, view: View) -> list[Letter]:
    """Somebody, who sends something meanwhile, and is thawed."""
    name = random.choice([*HOMES, "zoe", "registrar"])
    thaw = Letter("registrar-2", SetFrozen(address(name), False))
    frozen = Letter(random.choice(_REGISTRARS), SetFrozen(address(name), True))
    return [frozen, thaw] if random.random() < 0.8 else [frozen]


def thaw(random: Random, view: View) -> list[Letter]:
    """Whoever is frozen."""
    frozen = [address for address, account in view.books.accounts.of() if account.frozen]
    return [Letter(random.choice(_REGISTRARS), SetFrozen(account, False)) for account in frozen]


def rotate(random: Random, view: View) -> list[Letter]:
    """A new key, its own key again, or one that it does not have."""
    name = random.choice(view.people())
    fresh = f"{name}+{random.randrange(1000)}" if random.random() < 0.8 else view.key_of(name)
    key = view.learn(fresh)
    proof = sign_with(fresh if random.random() < 0.9 else "zoe", rotation_bytes(CHAIN_ID, address(name), key))
    return [Letter(name, RotateKey(key, proof))]


def open_a_vdg(random: Random, view: View) -> list[Letter]:
    """A third VDG, whose tariff comes late or never."""
    keys = address(random.choice(["dso", "dso-2", "ann"])), address(random.choice(["supplier", "supplier-2", "zoe"]))
    prover = view.learn("prover-rose")
    slot_seconds = view.slot_seconds
    grid = Grid("rose", EPOCH_S, slot_seconds, *keys, prover, 1_000, 10, random.randint(1, 3), random.choice([0, 1001]))
    return [Letter(random.choice(_REGISTRARS), CreateGrid(grid))]


def run_a_vdg(random: Random, view: View) -> list[Letter]:
    """What the DSO or the supplier of a VDG posts; sometimes somebody else tries."""
    grid = random.choice(view.vdgs)
    dso = view.name_of(grid.dso) if random.random() < 0.9 else random.choice(view.people())
    supplier = view.name_of(grid.supplier) if random.random() < 0.9 else random.choice(view.people())
    first, count = max(view.slot() + random.randint(0, 6), 0), random.choice([1, 2, 2, 5, 5, 2, 1, 144])
    prices = random.choice([1, 1, 144])
    match random.randrange(6):
        case 0:
            letter = Letter(dso, SetCaps(grid.vdg, first, (random.choice([0, 40, 10**6]),) * count, (50,) * count))
        case 1:
            letter = Letter(dso, SetRebates(grid.vdg, first, (random.choice([0, 4_000, 4_000, 9_000]),) * count))
        case 2:
            letter = Letter(
                supplier, SetTariff(grid.vdg, first, (180_000,) * prices, (random.choice([6, 60_000, 10**6]),))
            )
        case 3:
            member = random.choice([*HOMES, "new-1", "new-2", "supplier", "zoe"])
            letter = Letter(
                dso, AddMember(grid.vdg, address(member), f"meter-{random.choice([member, member, 'ann'])}")
            )
        case 4:
            letter = Letter(dso, SetProofKey(grid.vdg, view.learn(f"prover-{grid.vdg}-{random.randrange(3)}")))
        case _:
            new = address(random.choice(["supplier", "supplier-2", "ann", "zoe"]))
            letter = Letter(random.choice(_REGISTRARS), SetSupplier(random.choice([grid.vdg, "iris"]), new))
    return [letter]


def equip(random: Random, view: View) -> list[Letter]:
    """Devices come and go."""
    grid = random.choice(view.vdgs)
    dso = view.name_of(grid.dso) if random.random() < 0.9 else random.choice(view.people())
    name = f"device-{random.randrange(8)}"
    if random.random() < 0.4:
        return [Letter(dso, RemoveAsset(name))]
    kind = random.choice(list(AssetKind))
    battery = kind is AssetKind.ASSET_KIND_BATTERY
    owner = address(random.choice(HOMES))
    asset = Asset(
        name, grid.vdg, owner, kind, random.choice([0, 600, 3_000]), random.choice([0, 9_000]) if battery else 0
    )
    return [Letter(dso, RegisterAsset(asset))]
