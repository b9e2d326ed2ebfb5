"""What a proof says, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from node.messages.names import NoNames, show_holder
from node.messages.showing import plain
from wire import state_keys as at
from wire.light.hashing import NANOSECONDS
from wire.proof_file import Checked
from wire.receipts import Read, slot_time

_NEUR_PER_EUR: Final = 10**9


def sentence(read: Read) -> str:
    """One sentence that says what an item shows."""
    if read.names is None:
        state = "has no value" if read.item.value is None else f"has the value {read.item.value.hex()}"
        return f"Key {read.item.key.hex()} of store {read.item.store} {state}."
    named = {name: _shown(name, value) for name, value in read.names.names.items()}
    of = f" of {', '.join(f'{name} {value}' for name, value in named.items())}" if named else ""
    if read.value is None:
        return f"There is no {read.names.place.type.__name__}{of}."
    write = _SENTENCES.get((read.names.place.store, read.names.place.prefix))
    if write is not None:
        return write(named, read.value)
    kind = read.names.place.type.__name__
    return f"There is a{'n' if kind[0] in 'AEIOU' else ''} {kind}{of}."


def signed_by(checked: Checked) -> list[str]:
    """Who signed, line by line."""
    validators = checked.file.block.validators
    total = sum(validator.power for validator in validators)
    power = sum(signer.validator.power for signer in checked.signers)
    lines = [
        f"Signed by {len(checked.signers)} of {len(validators)} validators with {power} of {total} voting power, for "
        f"block {checked.file.block.height} of {time_text(checked.file.block.header.time_ns)}:"
    ]
    for signer in checked.signers:
        address = signer.validator.address.hex()
        lines.append(f"  {address}  power {signer.validator.power}  at {time_text(signer.time_ns)}")
    return lines


def time_text(time_ns: int) -> str:
    """A time in UTC, to the millisecond."""
    seconds, fraction = divmod(time_ns, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{fraction // 10**6:03d} UTC"


def second_text(time_s: int) -> str:
    """A time in UTC, to the second; as it is where no calendar has it."""
    try:
        return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"second {time_s}"


def when(receipt: tuple[Read, ...]) -> str:
    """When the slot of a receipt is. Raises: Unverified."""
    of = slot_time(receipt)
    return f"Slot {of.slot} of {of.vdg} is from {second_text(of.begins_s)} to {second_text(of.ends_s)}."


def fields(read: Read) -> dict[str, Any]:
    """What the key names and the value's fields, as plain data."""
    named = {name: _shown(name, value) for name, value in read.names.names.items()} if read.names else {}
    return {"names": named, "value": None if read.value is None else plain(read.value, NoNames())}


def _shown(name: str, value: Any) -> Any:
    if name in ("holder", "debtor", "creditor") and len(value) != 20:
        return show_holder(value, NoNames())
    return value.hex() if isinstance(value, bytes) else value


def _whose(holder: str) -> str:
    """Accounts are shown by their address alone."""
    return f"Account {holder}" if len(holder) == 40 else holder.capitalize()


def _eur(amount_neur: int) -> str:
    sign, amount = ("-" if amount_neur < 0 else ""), abs(amount_neur)
    return f"{sign}{amount // _NEUR_PER_EUR}.{amount % _NEUR_PER_EUR:09d} EUR"


def _price(price_neur_per_wh: int) -> str:
    """A nano-euro a Wh is a micro-euro a kWh."""
    return f"{price_neur_per_wh / 10**6:.6f} EUR/kWh"


def _balance(names: dict[str, Any], value: Any) -> str:
    return f"{_whose(names['holder'])} has {_eur(value.free_neur)} free and {_eur(value.escrow_neur)} set aside."


def _debts(names: dict[str, Any], value: Any) -> str:
    return f"{_whose(names['debtor'])} owes {_eur(value.amount_neur)} in all."


def _flow(names: dict[str, Any], value: Any) -> str:
    way = "taken from" if value.flow_wh >= 0 else "given to"
    return (
        f"In slot {names['slot']} of {names['vdg']}, account {names['account']} has {abs(value.flow_wh)} Wh {way} the "
        f"grid, measured by meter {value.meter} and signed by the grid's operator."
    )


def _book(names: dict[str, Any], value: Any) -> str:
    traded = (
        f"{value.volume_wh} Wh in {value.contracts} contracts; buyers pay {_price(value.buy_price_neur_per_wh)}, "
        f"sellers get {_price(value.sell_price_neur_per_wh)}"
        if value.volume_wh
        else "nothing was traded"
    )
    return (
        f"The {names['product']} book of {names['vdg']} for slot {names['slot']} was cleared in block {value.height}, "
        f"with {value.bids} bids and {value.asks} asks: {traded}."
    )


def _certificate(_: dict[str, Any], value: Any) -> str:
    return (
        f"Certificate {value.certificate_id}: {value.energy_wh} Wh flowed in slot {value.slot} of {value.vdg} from "
        f"{value.producer.hex()} to {value.consumer.hex()}; {value.retired_wh} Wh of it are retired."
    )


def _household(names: dict[str, Any], value: Any) -> str:
    received = value.contracts_neur + value.deviation_neur + value.rebate_neur + value.reward_neur
    money = f"received {_eur(received)}" if received >= 0 else f"paid {_eur(-received)}"
    return (
        f"Account {names['account']} settled slot {names['slot']} of {names['vdg']}: its flow was {value.flow_wh} Wh, "
        f"it had bought {value.bought_wh} Wh and sold {value.sold_wh} Wh, and it {money} in all."
    )


def _contract(_: dict[str, Any], value: Any) -> str:
    return (
        f"Contract {value.contract_id}: {value.seller.hex()} sells {value.energy_wh} Wh of slot {value.slot} to "
        f"{value.buyer.hex()}, who pays {_price(value.buy_price_neur_per_wh)}; the seller gets "
        f"{_price(value.sell_price_neur_per_wh)}."
    )


def _position(names: dict[str, Any], value: Any) -> str:
    return (
        f"Account {names['account']} has contracts over {value.bought_wh} Wh bought and {value.sold_wh} Wh sold in "
        f"slot {names['slot']} of {names['vdg']}."
    )


def _proof_key(_: dict[str, Any], value: Any) -> str:
    until = f"until {second_text(value.until_s)}" if value.until_s else "and still"
    since = f"since {second_text(value.since_s)} {until}"
    return f"Grid {value.vdg} has its flows signed by key {value.proof_key.hex()}, {since}."


def _grid(_: dict[str, Any], value: Any) -> str:
    return (
        f"Grid {value.vdg} has {value.members} members; its flows are signed by key {value.proof_key.hex()}; its slots "
        f"last {value.slot_seconds} s, and slot 0 began at {second_text(value.epoch_s)}."
    )


_SENTENCES: Final[dict[tuple[str, bytes], Callable[[dict[str, Any], Any], str]]] = {
    (place.store, place.prefix): write
    for place, write in (
        (at.BALANCES, _balance),
        (at.DEBT_TOTALS, _debts),
        (at.PROOFS, _flow),
        (at.BOOKS, _book),
        (at.CERTIFICATES, _certificate),
        (at.HOUSEHOLDS, _household),
        (at.CONTRACTS, _contract),
        (at.POSITIONS, _position),
        (at.GRIDS, _grid),
        (at.PROOF_KEYS, _proof_key),
    )
}
