"""The sliding window of nonces: any order, each once, gaps allowed, constant state (RFC 4303, section 3.4.3)."""

from __future__ import annotations

from abci_app.core.refusal import Refusal
from wire.accounts import NonceWindow
from wire.results import Code

WINDOW = 128
# A jump bounded so that one slip of a client can't use up all nonces there are.
MAX_JUMP = 1 << 20
_MASK = (1 << 64) - 1


def use_nonce(window: NonceWindow, nonce: int) -> NonceWindow:
    """The window with ``nonce`` used.

    Raises: Refusal NONCE_TOO_OLD, NONCE_USED or NONCE_TOO_HIGH.
    """
    used = window.used_high << 64 | window.used_low
    ahead = nonce - window.highest
    if ahead > MAX_JUMP:
        raise Refusal(
            Code.NONCE_TOO_HIGH,
            f"nonce = {nonce}: the highest used is {window.highest}; go up by at most {MAX_JUMP}",
        )
    if ahead > 0:
        used = (used << ahead | 1) & ((1 << WINDOW) - 1) if ahead < WINDOW else 1
        return NonceWindow(nonce, used >> 64, used & _MASK)
    if nonce == 0 or -ahead >= WINDOW:
        raise Refusal(
            Code.NONCE_TOO_OLD,
            f"nonce = {nonce}: the window is {WINDOW} wide below {window.highest}; use {window.highest + 1}",
        )
    bit = 1 << -ahead
    if used & bit:
        raise Refusal(Code.NONCE_USED, f"nonce = {nonce} was used before: use {window.highest + 1}")
    used |= bit
    return NonceWindow(window.highest, used >> 64, used & _MASK)
