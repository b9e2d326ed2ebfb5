"""Whether control stays for another slot."""

from __future__ import annotations

from collections.abc import Iterable


def still_needed(last_signal: Iterable[float], *, unattainable: bool) -> bool:
    """Whether a session had to move flows to its end, so that the next slot is controlled too.

    That the slot then shows nothing near a limit is what control has achieved; without this it goes on and off.
    ``last_signal``: of each PCC; not zero where homes were asked for other flows than their own.
    """
    return unattainable or any(value != 0 for value in last_signal)
