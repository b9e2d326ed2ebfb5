"""How much: debts, limits, caps, availability, funds."""

from __future__ import annotations

from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.refusals.row import row
from tests.app.refusals.situations import CERTIFICATE, indebted, settled
from tests.app.world import VDG
from wire.asset import DeclareAvailability
from wire.codec import MAX_INT64
from wire.grid import SetCaps
from wire.ledger import Burn, Mint, Transfer
from wire.results import Code
from wire.settlement import RetireCertificate


@row(Code.IN_DEBT, "owes money", "pay its debts")
def an_order_by_a_debtor(chain: Chain) -> bytes:
    indebted(chain)
    return chain.tx("ann", chain.order("ann", "bid", 1, 1, 20))


@row(Code.PRICE_OUT_OF_RANGE, "limit_price_neur_per_wh = 10000001", "at most 10000000")
def an_order_above_the_highest_price(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 1, 10**7 + 1, 10))


@row(Code.ENERGY_OUT_OF_RANGE, "energy_wh = 1000000001", "at most 1000000000")
def an_order_above_the_most_energy(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 10**9 + 1, 1, 10))


@row(Code.ENERGY_OUT_OF_RANGE, "energy_wh = 401", "holds 400")
def retiring_more_than_is_held(chain: Chain) -> bytes:
    settled(chain)
    return chain.tx("ann", RetireCertificate(CERTIFICATE, 401))


@row(Code.ABOVE_CAP, "slot 10", "101 Wh", "caps it at 100", "offer less")
def an_order_above_the_cap(chain: Chain) -> bytes:
    chain.do("dso", SetCaps(VDG, 10, (100,), (0,)))
    return chain.tx("ann", chain.order("ann", "bid", 101, 1, 10))


@row(Code.BEYOND_CAPACITY, "energy_wh = 1001", "at most 1000 Wh", "declare less")
def declaring_more_than_the_devices_deliver(chain: Chain) -> bytes:
    return chain.tx("ann", DeclareAvailability(VDG, 5, (1000, 1001)))


@row(Code.BEYOND_AVAILABILITY, "slot 10 would need 101 Wh", "100 are declared", "offer less")
def offering_more_than_was_declared(chain: Chain) -> bytes:
    chain.offer("ann", 10, 100)
    return chain.tx("ann", chain.order("ann", "ask", 101, 1, 10))


@row(Code.BEYOND_AVAILABILITY, "energy_wh = 99", "hold 100 Wh", "cancel first")
def declaring_less_than_is_offered(chain: Chain) -> bytes:
    chain.offer("ann", 10, 100)
    chain.do("ann", chain.order("ann", "ask", 100, 1, 10))
    return chain.tx("ann", DeclareAvailability(VDG, 10, (99,)))


@row(Code.INSUFFICIENT_FUNDS, "amount_neur = 100000000001", "only 100000000000 are free", "mint")
def transferring_more_than_there_is(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 100 * 10**9 + 1))


@row(Code.INSUFFICIENT_FUNDS, "amount_neur", "are free")
def transferring_to_oneself_more_than_there_is(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("ann"), 100 * 10**9 + 1))


@row(Code.INSUFFICIENT_FUNDS, "energy times limit price = 1000000000000", "offer less")
def an_order_without_funds(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 10**6, 10**6, 10))


@row(Code.INSUFFICIENT_FUNDS, "amount_neur = 1", "only 0")
def burning_what_is_not_there(chain: Chain) -> bytes:
    return chain.tx("issuer", Burn(1))


@row(Code.AMOUNT_OVERFLOW, "64 bits", "smaller amounts")
def minting_beyond_64_bits(chain: Chain) -> bytes:
    return chain.tx("issuer", Mint(address("ann"), MAX_INT64))
