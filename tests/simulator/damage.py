"""What is no good transaction: changed fields, wrong envelopes, old bytes, garbage."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from random import Random
from typing import Any

from tests.simulator.letter import Letter
from tests.simulator.view import View

_NUMBERS = (0, 1, 2**31, 10**9 + 1, 2**40 + 1, 2**63 - 1, 2**63, 2**64 - 1)
_TEXTS = ("", "lilas", "Lilas", "no/slash", "x" * 65, "\u2028", "z\u00fcri", "late")
_BYTES = (b"", b"\x00" * 20, b"\xff" * 32, b"a" * 21, b"\x01" * 64)


def change_a_field(random: Random, letter: Letter) -> Letter:
    """One field of a message, or of a message in it, becomes something else of its type."""
    message = letter.message
    if message is None:
        return letter
    return letter._replace(message=_changed(random, message))


def _changed(random: Random, message: Any) -> Any:
    name = random.choice(message._fields)
    value = getattr(message, name)
    if isinstance(value, bool):
        new: Any = not value
    elif isinstance(value, IntEnum):
        new = random.choice(list(type(value)))
    elif isinstance(value, int):
        signed = value < 0 or name in ("flow_wh", "supplier_flow_wh")
        new = random.choice([-(10**6) - 1, 10**6 + 1, 0, value + 1] if signed else [*_NUMBERS, value + 1])
    elif isinstance(value, str):
        new = random.choice(_TEXTS)
    elif isinstance(value, bytes):
        new = random.choice(_BYTES)
    elif hasattr(value, "_fields"):
        new = _changed(random, value)
    elif isinstance(value, tuple):
        new = random.choice([(), value * 2, value[:1] * 145, tuple(reversed(value))])
    else:
        new = value
    return message._replace(**{name: new})


def spoil_the_envelope(random: Random, view: View, letter: Letter, sent: Sequence[bytes]) -> Letter:
    """Another chain, expiry, nonce, key or sender; or bytes that were sent before, in whole or not."""
    old = random.choice(sent) if sent else b""
    place = random.randrange(max(len(old), 1))
    ways = [
        letter._replace(changes=(("chain_id", random.choice(["", "vdg-other"])),)),
        letter._replace(changes=(("expires_s", view.time_s - random.randint(1, 900)),)),
        letter._replace(changes=(("expires_s", view.time_s + random.choice([10_000, 2**63])),)),
        letter._replace(changes=(("nonce", random.choice([0, 1, 2**21, 2**64 - 1])),)),
        letter._replace(changes=(("sender", random.choice(_BYTES)),)),
        letter._replace(key="zoe"),
        letter._replace(sender="zoe"),
        Letter(raw=old),
        Letter(raw=old[:place]),
        Letter(raw=old[:place] + bytes((random.randrange(256),)) + old[place + 1 :]),
        Letter(raw=random.randbytes(random.choice([0, 1, 30]))),
        Letter(raw=old + b"\x00" * random.choice([1, 256 * 1024])),
    ]
    return random.choice(ways)
