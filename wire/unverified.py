"""Why something that somebody claims about the chain is not believed."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """What is wrong with a claim. Numbers never change their meaning."""

    # Before anything is verified.
    MALFORMED = 1
    OVERSIZED = 2
    WRONG_CHAIN = 3
    WRONG_HEIGHT = 4
    # Headers and who signed them.
    FORGED_HEADER = 10
    FORGED_VALIDATORS = 11
    BAD_SIGNATURE = 12
    NOT_ENOUGH_POWER = 13
    NOT_ENOUGH_TRUST = 14
    TRUST_EXPIRED = 15
    FROM_THE_FUTURE = 16
    TIME_NOT_AFTER = 17
    BEFORE_TRUST = 18
    TRUST_MISMATCH = 19
    CONFLICTING_HEADERS = 20
    NO_WITNESS = 21
    # Values and their proofs.
    MISSING_PROOF = 30
    WRONG_KEY = 31
    WRONG_PLACE = 32
    FORGED_PROOF = 33
    FORGED_VALUE = 34
    FORGED_ABSENCE = 35
    STALE = 36
    CONTRADICTION = 37
    UNPROVABLE = 38


class Unverified(Exception):
    """A claim about the chain is refused; ``reason`` is for programs, the message for people."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason.name}: {message}")
        self.reason = reason
        self.message = message
