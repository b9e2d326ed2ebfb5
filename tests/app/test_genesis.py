"""Genesis documents: the defaults, and each way to get one wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from abci_app.app import App
from abci_app.core.refusal import InvariantBroken
from abci_app.genesis import GenesisError, parse_genesis
from abci_app.state.store import MemoryStore
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import VDG
from wire.chain import GetParametersRequest, GetParametersResponse
from wire.codec import decode
from wire.ledger import VALIDATOR_POOL, GetSupplyRequest, GetSupplyResponse, account_holder, reward_pool
from wire.market import ListProductsRequest, ListProductsResponse


def problems_of(document: Any) -> list[str]:
    """What is wrong with a document, written over two validators."""
    app = App(MemoryStore())
    validators = [(public_key_of("validator-1"), 30), (public_key_of("validator-2"), 10)]
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(GenesisError) as caught:
        app.init_chain(world.CHAIN_ID, world.GENESIS_S, validators, text)
    return caught.value.problems


def test_an_empty_document_is_a_chain_with_the_three_products() -> None:
    chain = Chain({})
    products = chain.query(ListProductsRequest(), ListProductsResponse).products
    assert [(p.name, p.block_slots, p.gate_slots) for p in products] == [
        ("day_ahead", 6, 72),
        ("intraday", 1, 6),
        ("real_time", 1, 1),
    ]


def test_all_errors_of_a_document_are_told_at_once_with_field_value_and_way_out() -> None:
    document = world.genesis(max_expiry_s=0, colour="red")
    document["accounts"]["accounts"][0]["roles"] = ["king"]
    document["accounts"]["accounts"][1]["public_key"] = "abc"
    document["grid"]["grids"][0]["slot_seconds"] = "600"
    document["market"] = {
        "products": [{"name": "Odd Name", "block_slots": 7, "gate": "never", "gate_slots": -1, "horizon_slots": 0}]
    }
    text = "\n".join(problems_of(document))
    for words in (
        "max_expiry_s = 0",
        "colour = 'red'",
        "accounts.accounts.0.roles.0 = 'king'",
        "give one of household, dso",
        "accounts.accounts.1.public_key = 'abc'",
        "give 64 digits",
        "grid.grids.0.slot_seconds = '600'",
        "market.products.0.name = 'Odd Name'",
        "market.products.0.gate = 'never'",
        "market.products.0.gate_slots = -1",
        "market.products.0.horizon_slots = 0",
    ):
        assert words in text


def changed(path: str, value: Any) -> dict[str, Any]:
    """The world's genesis with one value replaced (or, for a list, appended to with ``+``)."""
    document = copy.deepcopy(world.genesis())
    *parents, last = path.split(".")
    place: Any = document
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
    if last == "+":
        place.append(value)
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return document


ZOE = address("zoe").hex()
SWITCH = {"vdg": VDG, "account": address("ann").hex(), "serial": "sw", "feeder": "f", "phase": "a"}
PRODUCT = {"name": "hour", "block_slots": 6, "gate": "before_start", "gate_slots": 1, "horizon_slots": 144}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "app_state"),
        (b"{", "app_state"),
        (b"[]", "app_state"),
        (changed("modules", ["accounts", "weather"]), "unknown modules ['weather']"),
        (changed("modules", ["accounts", "market"]), "build on those before them"),
        (changed("quotas", [{"role": "dso", "transactions": 0}]), "quotas.0.transactions = 0"),
        (
            changed("accounts.accounts.+", {"public_key": public_key_of("ann").hex(), "roles": ["dso"]}),
            "ALREADY_EXISTS",
        ),
        (changed("accounts.accounts.0.label", "a\nb"), "label"),
        (changed("accounts.accounts.0.roles", []), "accounts.accounts.0.roles"),
        (changed("ledger.balances.0.account", ZOE[:-1] + " "), "give 40 digits"),
        (changed("ledger.balances.0.account", ZOE), "balances.account"),
        (changed("ledger.balances.0.reward_pool", "lilas"), "either account or reward_pool"),
        (changed("ledger.balances.+", {"amount_neur": 1}), "either account or reward_pool"),
        (changed("ledger.balances.0.amount_neur", (1 << 63) - 1), "AMOUNT_OVERFLOW"),
        (changed("validators.0.public_key", public_key_of("zoe").hex()), "no validator of CometBFT's genesis"),
        (changed("validators.0.operator", ZOE), "validators.operator"),
        (changed("grid.grids.0.dso", ZOE), "grid.dso"),
        (changed("grid.grids.0.dso", address("ann").hex()), "ROLE_DSO"),
        (changed("grid.grids.0.buy_price_neur_per_wh", [1, 2]), "144, one a slot"),
        (changed("grid.grids.0.sell_price_neur_per_wh", [180_001]), "for ever"),
        (changed("grid.grids.0.reward_rate_neur_per_wh", 60_001), "two homes that trade a Wh which neither delivers"),
        (changed("grid.grids.0.sell_price_neur_per_wh", [60_000] * 143 + [178_001]), "give at most 999"),
        (changed("grid.grids.0.proof_deadline_slots", 0), "proof_deadline_slots = 0"),
        (changed("grid.grids.0.members.0.account", address("dso").hex()), "ROLE_HOUSEHOLD"),
        (changed("grid.grids.0.members.0.meter", "meter-bob"), "another meter"),
        (changed("asset.assets.0.owner", address("dso").hex()), "NOT_A_MEMBER"),
        (changed("asset.assets.0.vdg", "tulip"), "NOT_A_MEMBER"),
        (changed("asset.assets.0.capacity_wh", 5), "a battery has one"),
        (changed("market.products", [PRODUCT | {"block_slots": 7}]), "divisor of 144"),
        (changed("market.products", [PRODUCT, PRODUCT]), "products named twice: hour"),
        (changed("settlement.payout_s", 0), "settlement.payout_s = 0"),
        (changed("flowproof.x", 1), "flowproof.x = 1"),
        (changed("modules", ["accounts", "control"]), "after all of these any of control, governance"),
        (changed("control", {"limits": [{"vdg": "tulip"}]}), "UNKNOWN_VDG"),
        (changed("control", {"limits": [{"vdg": VDG, "switchings_per_day": 145}]}), "switchings_per_day = 145"),
        (changed("control", {"switches": [{**SWITCH, "vdg": "tulip"}]}), "UNKNOWN_VDG"),
        (changed("control", {"switches": [SWITCH, SWITCH]}), "ALREADY_EXISTS"),
        (changed("control", {"switches": [{**SWITCH, "controller": address("ann").hex()}]}), "ROLE_CONTROLLER"),
    ],
)
def test_a_broken_document_is_refused_with_the_field_and_the_way_out(document: Any, words: str) -> None:
    assert words in "\n".join(problems_of(document))


def test_a_long_value_is_cut_in_the_message() -> None:
    (problem,) = problems_of(changed("grid.grids.0.vdg", "X" * 10_000))
    assert len(problem) < 300


def test_keys_may_be_written_in_capitals() -> None:
    document = world.genesis()
    for entry in document["validators"]:
        entry["public_key"] = entry["public_key"].upper()
    parameters = Chain(document).app.query("/chain/GetParameters", b"")
    assert parameters.code == 0
    found = decode(GetParametersResponse, parameters.value)
    assert {(v.power, v.operator) for v in found.validators} == {(30, address("oscar")), (10, address("olga"))}
    assert GetParametersRequest() == ()


def test_money_of_the_genesis_is_issued_and_held() -> None:
    chain = Chain()
    supply = chain.query(GetSupplyRequest(), GetSupplyResponse)
    assert supply.minted_neur == supply.held_neur == 2_410 * world.EUR
    assert chain.balance_of(reward_pool(world.VDG)).free_neur == 10 * world.EUR
    assert chain.balance_of(VALIDATOR_POOL).free_neur == 0
    assert chain.balance_of(account_holder(address("ann"))).free_neur == 100 * world.EUR


def test_a_chain_without_genesis_has_no_parameters() -> None:
    with pytest.raises(InvariantBroken, match="not initialised"):
        App(MemoryStore()).query("/chain/GetParameters", b"")


def test_a_parsed_document_cannot_be_changed() -> None:
    genesis = parse_genesis(b"{}")
    with pytest.raises(ValueError, match="frozen"):
        genesis.max_expiry_s = 5
