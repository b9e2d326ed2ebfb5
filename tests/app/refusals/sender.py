"""Who sends a transaction, and whether it may be sent now."""

from __future__ import annotations

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of, sign_with
from tests.app.refusals.row import row
from tests.app.world import VDG
from wire.accounts import AdmitAccount, Role, RotateKey, SetFrozen, rotation_bytes
from wire.grid import AddMember, SetCaps
from wire.ledger import Mint, Transfer
from wire.results import Code


@row(Code.UNKNOWN_SENDER, "no such account", "registrar")
def a_sender_that_nobody_admitted(chain: Chain) -> bytes:
    return chain.tx("zoe", Transfer(address("bob"), 1))


@row(Code.BAD_SIGNATURE, "signature", "sign with the account's key")
def a_signature_by_another_key(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1), key="bob")


@row(Code.BAD_SIGNATURE, "proof", "sign with the new key")
def a_rotation_that_the_new_key_did_not_sign(chain: Chain) -> bytes:
    proof = sign_with("ann", rotation_bytes(world.CHAIN_ID, address("ann"), public_key_of("ann-2")))
    return chain.tx("ann", RotateKey(public_key_of("ann-2"), proof))


@row(Code.EXPIRED, "expires_s", "later expiry")
def an_expired_transaction(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1), expires_s=chain.time_s - 1)


@row(Code.EXPIRY_TOO_FAR, "expires_s", "at most")
def a_transaction_that_would_live_too_long(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1), expires_s=chain.time_s + 3602)


@row(Code.NONCE_TOO_OLD, "nonce = 1", "window is 128", "use 201")
def a_nonce_below_the_window(chain: Chain) -> bytes:
    chain.do("ann", Transfer(address("bob"), 1), nonce=200)
    return chain.tx("ann", Transfer(address("bob"), 1), nonce=1)


@row(Code.NONCE_TOO_OLD, "nonce = 0")
def nonce_zero(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1), nonce=0)


@row(Code.NONCE_USED, "nonce = 1", "use 2")
def a_replayed_transaction(chain: Chain) -> bytes:
    tx = chain.tx("ann", Transfer(address("bob"), 1))
    chain.block(tx)
    return tx


@row(Code.NONCE_TOO_HIGH, "nonce = 1048577", "highest used is 0")
def a_nonce_that_jumps_too_far(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("bob"), 1), nonce=(1 << 20) + 1)


@row(Code.SENDER_FROZEN, "frozen", "ask the registrar")
def a_frozen_sender(chain: Chain) -> bytes:
    chain.do("registrar", SetFrozen(address("ann"), True))
    return chain.tx("ann", Transfer(address("bob"), 1))


@row(Code.WRONG_ROLE, "Mint", "ROLE_ISSUER")
def a_household_that_mints(chain: Chain) -> bytes:
    return chain.tx("ann", Mint(address("ann"), 1))


@row(Code.WRONG_ROLE, "not its dso")
def a_dso_of_another_vdg(chain: Chain) -> bytes:
    chain.do("registrar", AdmitAccount(public_key_of("dso-2"), (Role.ROLE_DSO,), ""))
    return chain.tx("dso-2", SetCaps(VDG, 5, (1,), (1,)))


@row(Code.WRONG_ROLE, "account", "ROLE_HOUSEHOLD")
def a_member_that_is_no_household(chain: Chain) -> bytes:
    return chain.tx("dso", AddMember(VDG, address("supplier"), "meter-s"))


@row(Code.QUOTA_EXCEEDED, "64 transactions", "next one")
def more_transactions_than_the_quota(chain: Chain) -> bytes:
    for _ in range(64):
        assert chain.app.check_tx(chain.tx("ann", Transfer(address("bob"), 1))).code is Code.OK
    return chain.tx("ann", Transfer(address("bob"), 1))
