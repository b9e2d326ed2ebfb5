"""Parts of keys that several modules use. Names hold no slash, numbers have a fixed length: no two keys collide."""

from __future__ import annotations


def grid_prefix(vdg: str) -> bytes:
    """``<vdg>/``, e.g. ``lilas/``."""
    return vdg.encode() + b"/"


def slot_key(vdg: str, slot: int) -> bytes:
    """``<vdg>/<slot, 8 bytes>``, e.g. ``lilas/`` 0000000000000091."""
    return grid_prefix(vdg) + slot.to_bytes(8, "big")


def slot_account_key(vdg: str, slot: int, account: bytes) -> bytes:
    """``<vdg>/<slot, 8 bytes><address, 20 bytes>``."""
    return slot_key(vdg, slot) + account


def parse_slot_key(key: bytes) -> tuple[str, int]:
    """The VDG and slot of a key that starts with a ``slot_key``."""
    vdg, _, rest = key.partition(b"/")
    return vdg.decode(), int.from_bytes(rest[:8], "big")
