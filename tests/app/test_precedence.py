"""Where two reasons apply, the smaller code wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.refusals.situations import indebted
from tests.app.world import VDG
from wire.accounts import AdmitAccount, Role, SetFrozen
from wire.asset import Asset, AssetKind, DeclareAvailability, RegisterAsset
from wire.codec import encode
from wire.flowproof import SubmitProofs
from wire.grid import CreateGrid, Grid, SetCaps, SetSupplier
from wire.ledger import Mint, PayDebt, Transfer, account_holder
from wire.market import PlaceOrder, Side
from wire.results import Code
from wire.settlement import TransferCertificate
from wire.tx import MAX_TX_BYTES, Tx

HUGE, DEAR = 10**9 + 1, 10**7 + 1


def _order(
    chain: Chain, energy_wh: int, price: int, slot: int = 10, product: str = "intraday", vdg: str = VDG
) -> bytes:
    return chain.tx("ann", PlaceOrder(vdg, product, slot, Side.SIDE_BID, energy_wh, price))


def _stranger_order(chain: Chain, slot: int) -> bytes:
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,)))
    return chain.tx("eve", PlaceOrder(VDG, "day_ahead", slot, Side.SIDE_BID, 1, 1))


def _frozen(chain: Chain) -> None:
    chain.do("registrar", SetFrozen(address("ann"), True))


def _order_by_debtor(chain: Chain, energy_wh: int, price: int) -> bytes:
    indebted(chain)
    return _order(chain, energy_wh, price, 30)


def _capped(chain: Chain, energy_wh: int, price: int) -> bytes:
    chain.do("dso", SetCaps(VDG, 10, (1,), (1,)))
    return _order(chain, energy_wh, price)


def _declared(chain: Chain, energies: tuple[int, ...], nonce: int) -> bytes:
    chain.do("ann", DeclareAvailability(VDG, 11, (500,)), nonce=5)
    chain.do("ann", chain.order("ann", "ask", 300, 1, 11), nonce=6)
    return chain.tx("ann", DeclareAvailability(VDG, 10, energies), nonce=nonce)


def _proofs(chain: Chain, *kinds: str, slot: int = 0) -> bytes:
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"dee": 5}))
    proofs = {
        "meter": chain.proof("ann", slot, 1, meter="meter-x"),
        "key": chain.proof("bob", slot, 1, key="bob"),
        "conflict": chain.proof("dee", slot, 6),
        "stranger": chain.proof("supplier", slot, 1),
    }
    return chain.tx("dso", SubmitProofs(VDG, slot, tuple(proofs[kind] for kind in kinds)))


def _grid(vdg: str, dso: str, supplier: str) -> CreateGrid:
    return CreateGrid(
        Grid(vdg, 1, 600, address(dso), address(supplier), public_key_of("prover"), proof_deadline_slots=6)
    )


def _after_freezing(chain: Chain, tx: Callable[[], bytes]) -> bytes:
    _frozen(chain)
    return tx()


PAIRS: list[tuple[Code, Code, Callable[[Chain], bytes]]] = [
    (Code.TX_TOO_LARGE, Code.TX_MALFORMED, lambda c: bytes(MAX_TX_BYTES + 1)),
    (Code.TX_MALFORMED, Code.WRONG_CHAIN, lambda c: c.tx("ann", Transfer(address("bob"), 1), chain_id="x") + b"\x00"),
    (Code.WRONG_CHAIN, Code.INVALID_FIELD, lambda c: c.tx("ann", Transfer(b"", 0), chain_id="x")),
    (Code.INVALID_FIELD, Code.UNKNOWN_SENDER, lambda c: c.tx("zoe", Transfer(b"", 0))),
    (Code.INVALID_FIELD, Code.BAD_SIGNATURE, lambda c: c.tx("ann", Transfer(b"", 0), key="bob")),
    (Code.UNKNOWN_SENDER, Code.EXPIRED, lambda c: c.tx("zoe", Transfer(address("bob"), 1), expires_s=1)),
    (Code.BAD_SIGNATURE, Code.EXPIRED, lambda c: c.tx("ann", Transfer(address("bob"), 1), key="bob", expires_s=1)),
    (Code.EXPIRED, Code.NONCE_TOO_OLD, lambda c: c.tx("ann", Transfer(address("bob"), 1), nonce=0, expires_s=1)),
    (
        Code.EXPIRY_TOO_FAR,
        Code.NONCE_TOO_HIGH,
        lambda c: c.tx("ann", Transfer(address("bob"), 1), nonce=1 << 40, expires_s=c.time_s + 9_999),
    ),
    (
        Code.NONCE_TOO_HIGH,
        Code.SENDER_FROZEN,
        lambda c: _after_freezing(c, lambda: c.tx("ann", Transfer(address("bob"), 1), nonce=1 << 40)),
    ),
    (Code.SENDER_FROZEN, Code.WRONG_ROLE, lambda c: _after_freezing(c, lambda: c.tx("ann", Mint(address("ann"), 1)))),
    (Code.WRONG_ROLE, Code.UNKNOWN_ACCOUNT, lambda c: c.tx("ann", Mint(address("zoe"), 1))),
    (Code.UNKNOWN_ACCOUNT, Code.UNKNOWN_VDG, lambda c: c.tx("registrar", SetSupplier("none", address("zoe")))),
    (Code.UNKNOWN_ACCOUNT, Code.ALREADY_EXISTS, lambda c: c.tx("registrar", _grid(VDG, "zoe", "supplier"))),
    (Code.UNKNOWN_ACCOUNT, Code.INSUFFICIENT_FUNDS, lambda c: c.tx("ann", Transfer(address("zoe"), 10**18))),
    (
        Code.UNKNOWN_ACCOUNT,
        Code.UNKNOWN_CERTIFICATE,
        lambda c: c.tx("ann", TransferCertificate("x", address("zoe"), 1)),
    ),
    (Code.WRONG_ROLE, Code.ALREADY_EXISTS, lambda c: c.tx("registrar", _grid(VDG, "ann", "supplier"))),
    (Code.UNKNOWN_VDG, Code.UNKNOWN_PRODUCT, lambda c: _order(c, 1, 1, product="none", vdg="none")),
    (Code.UNKNOWN_PRODUCT, Code.GATE_CLOSED, lambda c: _order(c, 1, 1, 0, "none")),
    (
        Code.ALREADY_EXISTS,
        Code.NOT_A_MEMBER,
        lambda c: c.tx("dso", RegisterAsset(Asset("pv-ann", VDG, address("dso"), AssetKind.ASSET_KIND_PV, 1))),
    ),
    (Code.NOT_A_MEMBER, Code.SLOT_INVALID, lambda c: _stranger_order(c, 145)),
    (Code.NOT_A_MEMBER, Code.SLOT_NOT_OVER, lambda c: _proofs(c, "stranger", slot=9)),
    (Code.SLOT_INVALID, Code.SLOT_OUT_OF_RANGE, lambda c: _order(c, 1, 1, 601, "day_ahead")),
    (Code.SLOT_INVALID, Code.GATE_CLOSED, lambda c: _order(c, 1, 1, 1, "day_ahead")),
    (Code.GATE_CLOSED, Code.PRICE_OUT_OF_RANGE, lambda c: _order(c, 1, DEAR, 0)),
    (Code.SLOT_OUT_OF_RANGE, Code.BEYOND_CAPACITY, lambda c: c.tx("ann", DeclareAvailability(VDG, 5_000, (9_999,)))),
    (Code.SLOT_NOT_OVER, Code.PROOF_WRONG_KEY, lambda c: _proofs(c, "key", slot=9)),
    (Code.IN_DEBT, Code.PRICE_OUT_OF_RANGE, lambda c: _order_by_debtor(c, 1, DEAR)),
    (Code.PRICE_OUT_OF_RANGE, Code.ENERGY_OUT_OF_RANGE, lambda c: _order(c, HUGE, DEAR)),
    (Code.ENERGY_OUT_OF_RANGE, Code.ABOVE_CAP, lambda c: _capped(c, HUGE, 1)),
    (Code.ABOVE_CAP, Code.INSUFFICIENT_FUNDS, lambda c: _capped(c, 10**9, 10**7)),
    (Code.SUPERSEDED, Code.BEYOND_CAPACITY, lambda c: _declared(c, (9_999, 400), 4)),
    (Code.BEYOND_CAPACITY, Code.BEYOND_AVAILABILITY, lambda c: _declared(c, (1, 2, 9_999), 9)),
    (Code.PROOF_WRONG_KEY, Code.PROOF_WRONG_METER, lambda c: _proofs(c, "meter", "key")),
    (Code.PROOF_WRONG_METER, Code.PROOF_CONFLICT, lambda c: _proofs(c, "conflict", "meter")),
    (
        Code.UNKNOWN_DEBT,
        Code.INSUFFICIENT_FUNDS,
        lambda c: c.tx("ann", PayDebt(account_holder(address("supplier")), "x", 10**18)),
    ),
]


@pytest.mark.parametrize(("wins", "loses", "make"), PAIRS, ids=[f"{a.name}-{b.name}" for a, b, _ in PAIRS])
def test_the_smaller_code_wins(wins: Code, loses: Code, make: Callable[[Chain], bytes]) -> None:
    chain = Chain()
    assert wins < loses
    assert chain.block(make(chain))[0].code is wins


def test_a_disabled_module_comes_before_the_fields_of_its_messages() -> None:
    document = world.genesis(modules=["accounts"])
    chain = Chain({key: value for key, value in document.items() if key in ("modules", "accounts")})
    assert chain.send("ann", Transfer(b"", 0)).code is Code.MODULE_DISABLED
    assert encode(Tx()) == b""
