"""What the key of an item names: the way back from `wire.state_keys`, for people who read a proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from wire import state_keys as at
from wire.address import ADDRESS_BYTES, PUBLIC_KEY_BYTES
from wire.state_keys import Place
from wire.unverified import Reason, Unverified


class KeyNames(NamedTuple):
    """The place that a key is of, and what it names there, as ``vdg``, ``slot`` and ``account``."""

    place: Place[Any]
    names: dict[str, Any]


Part = Callable[[bytes], tuple[Any, bytes]]


def _name(data: bytes) -> tuple[Any, bytes]:
    text, slash, rest = data.partition(b"/")
    if not slash:
        raise ValueError("a name without its end")
    return text.decode(), rest


def _slot(data: bytes) -> tuple[Any, bytes]:
    return int.from_bytes(_exactly(data[:8], 8), "big"), data[8:]


def _number(data: bytes) -> tuple[Any, bytes]:
    return int.from_bytes(_exactly(data[:4], 4), "big"), data[4:]


def _address(data: bytes) -> tuple[Any, bytes]:
    return _exactly(data[:ADDRESS_BYTES], ADDRESS_BYTES), data[ADDRESS_BYTES:]


def _public_key(data: bytes) -> tuple[Any, bytes]:
    return _exactly(data[:PUBLIC_KEY_BYTES], PUBLIC_KEY_BYTES), data[PUBLIC_KEY_BYTES:]


def _holder(data: bytes) -> tuple[Any, bytes]:
    return data, b""


def _sized(data: bytes) -> tuple[Any, bytes]:
    end = 1 + data[0]
    return _exactly(data[1:end], data[0]), data[end:]


def _text(data: bytes) -> tuple[Any, bytes]:
    return data.decode(), b""


def _text_to_zero(data: bytes) -> tuple[Any, bytes]:
    text, _, rest = data.partition(b"\x00")
    return text.decode(), rest


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes where {size} are needed")
    return data


_GRID_SLOT: tuple[tuple[str, Part], ...] = (("vdg", _name), ("slot", _slot))
_GRID_SLOT_ACCOUNT = (*_GRID_SLOT, ("account", _address))
_BOOK: tuple[tuple[str, Part], ...] = (("vdg", _name), ("product", _name), ("slot", _slot))

_LAYOUTS: tuple[tuple[Place[Any], tuple[tuple[str, Part], ...]], ...] = (
    (at.CHAIN_PARAMETERS, ()),
    (at.GOVERNANCE_PARAMETERS, ()),
    (at.SETTLEMENT_PARAMETERS, ()),
    (at.ACCOUNTS, (("account", _address),)),
    (at.NONCES, (("account", _address),)),
    (at.BALANCES, (("asset", _name), ("holder", _holder))),
    (at.DEBTS, (("debtor", _sized), ("creditor", _sized), ("reason", _text))),
    (at.DEBT_TOTALS, (("debtor", _holder),)),
    (at.GRIDS, (("vdg", _name),)),
    (at.MEMBERS, (("vdg", _name), ("account", _address))),
    (at.PROOF_KEYS, (("vdg", _name), ("proof_key", _public_key))),
    (at.TARIFFS, (("vdg", _name), ("from_slot", _slot))),
    (at.TERMS, _GRID_SLOT),
    (at.DELIVERABLE, (("vdg", _name), ("account", _address))),
    (at.AVAILABILITY, _GRID_SLOT_ACCOUNT),
    (at.PRODUCTS, (("product", _text),)),
    (at.ORDERS, (*_BOOK, ("account", _address))),
    (at.BOOKS, _BOOK),
    (at.CONTRACTS, (*_GRID_SLOT, ("product", _name), ("number", _number))),
    (at.POSITIONS, _GRID_SLOT_ACCOUNT),
    (at.PROOFS, _GRID_SLOT_ACCOUNT),
    (at.SLOT_PROOFS, _GRID_SLOT),
    (at.DECLARATIONS, _GRID_SLOT_ACCOUNT),
    (at.SLOT_SETTLEMENTS, _GRID_SLOT),
    (at.HOUSEHOLDS, _GRID_SLOT_ACCOUNT),
    (at.CERTIFICATES, (("certificate_id", _text),)),
    (at.GRID_CONTROLS, (("vdg", _name),)),
    (at.SWITCHES, (("vdg", _name), ("account", _address))),
    (at.PHASE_ORDERS, _GRID_SLOT_ACCOUNT),
    (at.SLOT_CONTROLS, _GRID_SLOT),
    (at.CONTROL_SESSIONS, (*_GRID_SLOT, ("session", _number))),
    (at.CONTROL_SIGNALS, (*_GRID_SLOT, ("session", _number), ("iteration", _number))),
    (at.HOLDERS, (("certificate_id", _text_to_zero), ("holder", _address))),
)
PLACES = tuple(place for place, _ in _LAYOUTS)


def names_of(store: str, key: bytes) -> KeyNames | None:
    """What a key names; None for a kind of item that clients have no use for.

    Raises: Unverified MALFORMED for a key that no item of its kind can have.
    """
    for place, layout in _LAYOUTS:
        if place.store == store and key.startswith(place.prefix):
            rest = key[len(place.prefix) :]
            names: dict[str, Any] = {}
            try:
                for name, part in layout:
                    names[name], rest = part(rest)
            except (ValueError, IndexError) as error:
                raise Unverified(Reason.MALFORMED, f"/store/{store}/key {key.hex()}: {error}") from error
            if rest:
                raise Unverified(Reason.MALFORMED, f"/store/{store}/key {key.hex()}: {len(rest)} bytes too many")
            return KeyNames(place, names)
    return None
