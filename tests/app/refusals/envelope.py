"""The envelope, before any state is read; and the one row that is accepted."""

from __future__ import annotations

from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.refusals.row import row
from tests.app.refusals.situations import body, indebted, signed
from tests.app.world import VDG
from wire.codec import MAX_INT64, encode
from wire.flowproof import SubmitProofs
from wire.grid import SetTariff
from wire.ledger import PayDebt, Transfer, account_holder
from wire.market import CancelOrder, PlaceOrder, Side
from wire.results import Code
from wire.tx import MAX_TX_BYTES, Tx


@row(Code.OK)
def a_good_transaction(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 100, 100_000, 10))


@row(Code.TX_TOO_LARGE, "262145", "262144", "split")
def more_bytes_than_a_transaction_may_have(chain: Chain) -> bytes:
    return b"\x0a" * (MAX_TX_BYTES + 1)


@row(Code.TX_MALFORMED, "cut off", "client library")
def a_truncated_transaction(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1))[:-1]


@row(Code.TX_MALFORMED, "no field 9")
def a_transaction_with_an_unknown_field(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1)) + b"\x48\x01"


@row(Code.TX_MALFORMED, "no field 15")
def a_body_with_an_unknown_field(chain: Chain) -> bytes:
    return signed(encode(body(chain)) + b"\x78\x01")


@row(Code.TX_MALFORMED, "no message")
def a_body_without_a_message(chain: Chain) -> bytes:
    return signed(b"\x0a\x08vdg-test\x12\x14" + address("ann") + b"\x18\x01")


@row(Code.TX_MALFORMED)
def nothing_at_all(chain: Chain) -> bytes:
    return b""


@row(Code.WRONG_CHAIN, "chain_id", "'vdg-other'", "'vdg-test'", "sign for it")
def a_transaction_for_another_chain(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1), chain_id="vdg-other")


@row(Code.INVALID_FIELD, "amount_neur = 0")
def a_transfer_of_zero(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 0))


@row(Code.INVALID_FIELD, "signature", "64")
def a_signature_of_the_wrong_size(chain: Chain) -> bytes:
    return encode(Tx(encode(body(chain)), b"short"))


@row(Code.INVALID_FIELD, "sender", "20")
def a_sender_of_the_wrong_size(chain: Chain) -> bytes:
    return signed(encode(body(chain, sender=b"ann")))


@row(Code.INVALID_FIELD, "energy_wh = 0")
def an_order_of_no_energy(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 0, 100_000, 10))


@row(Code.INVALID_FIELD, "energy_wh", str(MAX_INT64))
def an_order_of_energy_beyond_64_bits(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 1 << 63, 100_000, 10))


@row(Code.INVALID_FIELD, "limit_price_neur_per_wh = 0")
def an_order_at_no_price(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "ask", 10, 0, 10))


@row(Code.INVALID_FIELD, "side", "SIDE_BID or SIDE_ASK")
def an_order_without_a_side(chain: Chain) -> bytes:
    return chain.tx("ann", PlaceOrder(VDG, "intraday", 10, Side.SIDE_UNSPECIFIED, 1, 1))


@row(Code.INVALID_FIELD, "vdg", "1 to 64")
def an_order_in_a_vdg_whose_name_is_none(chain: Chain) -> bytes:
    return chain.tx("ann", PlaceOrder("x" * 200_000, "intraday", 10, Side.SIDE_BID, 1, 1))


@row(Code.INVALID_FIELD, "product", "1 to 64")
def a_cancellation_in_a_product_whose_name_is_none(chain: Chain) -> bytes:
    return chain.tx("ann", CancelOrder(VDG, "\U000e0001" * 50_000, 10))


@row(Code.INVALID_FIELD, "proofs.account", "twice")
def the_same_account_twice_in_a_batch_of_proofs(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    proof = chain.proof("ann", 0, 5)
    return chain.tx("bob", SubmitProofs(VDG, 0, (proof, proof)))


@row(Code.INVALID_FIELD, "sell_price_neur_per_wh", "for ever")
def a_tariff_that_pays_more_than_it_takes(chain: Chain) -> bytes:
    return chain.tx("supplier", SetTariff(VDG, 10, (5,), (6,)))


@row(Code.INVALID_FIELD, "amount_neur", "the debt is")
def paying_more_than_is_owed(chain: Chain) -> bytes:
    indebted(chain)
    chain.do("bob", Transfer(address("ann"), 10**9))
    return chain.tx("ann", PayDebt(account_holder(address("supplier")), "consumption", 10**9))
