"""What a transaction names."""

from __future__ import annotations

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of, sign_with
from tests.app.refusals.row import row
from tests.app.refusals.situations import CERTIFICATE, HOUSEHOLD, settled
from tests.app.world import VDG
from wire.accounts import AdmitAccount, RotateKey, SetFrozen, rotation_bytes
from wire.asset import Asset, AssetKind, RegisterAsset, RemoveAsset
from wire.grid import AddMember, CreateGrid, Grid, SetRebates
from wire.ledger import PayDebt, Transfer, account_holder
from wire.market import PlaceOrder, Side
from wire.results import Code
from wire.settlement import FundRewards, RetireCertificate, TransferCertificate


@row(Code.UNKNOWN_ACCOUNT, "to", "no such account")
def a_transfer_to_nobody(chain: Chain) -> bytes:
    return chain.tx("ann", Transfer(address("zoe"), 1))


@row(Code.UNKNOWN_ACCOUNT, "address")
def freezing_nobody(chain: Chain) -> bytes:
    return chain.tx("registrar", SetFrozen(address("zoe"), True))


@row(Code.UNKNOWN_VDG, "vdg = 'tulip'", "list the VDGs")
def an_order_in_an_unknown_vdg(chain: Chain) -> bytes:
    return chain.tx("ann", PlaceOrder("tulip", "intraday", 10, Side.SIDE_BID, 1, 1))


@row(Code.UNKNOWN_VDG, "vdg = 'tulip'")
def funding_an_unknown_vdg(chain: Chain) -> bytes:
    return chain.tx("ann", FundRewards("tulip", 1))


@row(Code.UNKNOWN_PRODUCT, "product = 'yearly'", "list the products")
def an_order_in_an_unknown_product(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 1, 1, 10, "yearly"))


@row(Code.UNKNOWN_ASSET, "asset_id = 'pv-zoe'", "list")
def removing_an_unknown_device(chain: Chain) -> bytes:
    return chain.tx("dso", RemoveAsset("pv-zoe"))


@row(Code.UNKNOWN_ORDER, "slot = 10", "no order")
def cancelling_what_was_never_placed(chain: Chain) -> bytes:
    return chain.tx("ann", chain.cancel(10))


@row(Code.UNKNOWN_DEBT, "nothing is owed", "list your debts")
def paying_a_debt_that_is_none(chain: Chain) -> bytes:
    return chain.tx("ann", PayDebt(account_holder(address("bob")), "consumption", 1))


@row(Code.UNKNOWN_CERTIFICATE, "certificate_id = 'none'", "list your holdings")
def retiring_an_unknown_certificate(chain: Chain) -> bytes:
    return chain.tx("ann", RetireCertificate("none", 1))


@row(Code.ALREADY_EXISTS, "public_key", "exists")
def admitting_an_account_twice(chain: Chain) -> bytes:
    return chain.tx("registrar", AdmitAccount(public_key_of("ann"), HOUSEHOLD, ""))


@row(Code.ALREADY_EXISTS, "is a member")
def adding_a_member_twice(chain: Chain) -> bytes:
    return chain.tx("dso", AddMember(VDG, address("ann"), "meter-new"))


@row(Code.ALREADY_EXISTS, "meter = 'meter-ann'", "another meter")
def adding_a_meter_twice(chain: Chain) -> bytes:
    chain.do("registrar", AdmitAccount(public_key_of("eve"), HOUSEHOLD, ""))
    return chain.tx("dso", AddMember(VDG, address("eve"), "meter-ann"))


@row(Code.ALREADY_EXISTS, "asset_id = 'pv-ann'", "another id")
def registering_a_device_twice(chain: Chain) -> bytes:
    asset = Asset("pv-ann", VDG, address("ann"), AssetKind.ASSET_KIND_PV, 1)
    return chain.tx("dso", RegisterAsset(asset))


@row(Code.ALREADY_EXISTS, "grid.vdg = 'lilas'", "another name")
def opening_a_vdg_twice(chain: Chain) -> bytes:
    grid = Grid(VDG, 1, 600, address("dso"), address("supplier"), public_key_of("prover"), proof_deadline_slots=6)
    return chain.tx("registrar", CreateGrid(grid))


@row(Code.ALREADY_EXISTS, "rebate_neur_per_wh = 6", "5 was posted")
def changing_a_rebate(chain: Chain) -> bytes:
    chain.do("dso", SetRebates(VDG, 10, (5,)))
    return chain.tx("dso", SetRebates(VDG, 10, (6,)))


@row(Code.ALREADY_EXISTS, "public_key", "give a new one")
def rotating_to_the_same_key(chain: Chain) -> bytes:
    proof = sign_with("ann", rotation_bytes(world.CHAIN_ID, address("ann"), public_key_of("ann")))
    return chain.tx("ann", RotateKey(public_key_of("ann"), proof))


@row(Code.NOT_A_MEMBER, "no member of 'lilas'", "have its DSO add it")
def an_order_by_a_household_of_no_vdg(chain: Chain) -> bytes:
    chain.do("registrar", AdmitAccount(public_key_of("eve"), HOUSEHOLD, ""))
    return chain.tx("eve", chain.order("eve", "bid", 1, 1, 10))


@row(Code.NOT_OWNER, "holds nothing of it")
def passing_on_a_certificate_of_somebody_else(chain: Chain) -> bytes:
    settled(chain)
    return chain.tx("bob", TransferCertificate(CERTIFICATE, address("bob"), 1))
