"""Parts of keys that several modules use. Names hold no slash, numbers have a fixed length: no two keys collide."""

from __future__ import annotations

from wire.state_keys import grid_prefix, slot_account_key, slot_key

__all__ = ["grid_prefix", "parse_slot_key", "slot_account_key", "slot_key"]


def parse_slot_key(key: bytes) -> tuple[str, int]:
    """The VDG and slot of a key that starts with a ``slot_key``."""
    vdg, _, rest = key.partition(b"/")
    return vdg.decode(), int.from_bytes(rest[:8], "big")
