"""The one enum of result codes, in order of precedence: a transaction gets the first that applies."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Why a transaction was accepted or refused. Numbers never change their meaning."""

    OK = 0
    # The envelope, before any state is read.
    TX_TOO_LARGE = 1
    TX_MALFORMED = 2
    WRONG_CHAIN = 3
    MODULE_DISABLED = 4
    INVALID_FIELD = 5
    # Who sends it, and whether it may be sent now.
    UNKNOWN_SENDER = 10
    BAD_SIGNATURE = 11
    EXPIRED = 12
    EXPIRY_TOO_FAR = 13
    NONCE_TOO_OLD = 14
    NONCE_USED = 15
    NONCE_TOO_HIGH = 16
    SENDER_FROZEN = 17
    WRONG_ROLE = 18
    QUOTA_EXCEEDED = 19
    # What it names.
    UNKNOWN_ACCOUNT = 30
    UNKNOWN_VDG = 31
    UNKNOWN_PRODUCT = 32
    UNKNOWN_ASSET = 33
    UNKNOWN_ORDER = 34
    UNKNOWN_DEBT = 35
    UNKNOWN_CERTIFICATE = 36
    ALREADY_EXISTS = 37
    NOT_A_MEMBER = 38
    NOT_OWNER = 39
    UNKNOWN_PROPOSAL = 40
    UNKNOWN_VALIDATOR = 41
    KEY_USED = 42
    ALREADY_PROPOSED = 43
    ALREADY_APPROVED = 44
    UNKNOWN_SESSION = 45
    ALREADY_SIGNALLED = 46
    WRONG_PCCS = 47
    # When.
    SLOT_INVALID = 50
    SLOT_OUT_OF_RANGE = 51
    GATE_CLOSED = 52
    SLOT_NOT_OVER = 53
    SLOT_CLOSED = 54
    SUPERSEDED = 55
    PROPOSAL_EXPIRED = 56
    PROPOSAL_CLOSED = 57
    SESSION_CLOSED = 58
    OUT_OF_ORDER = 59
    # How much.
    IN_DEBT = 70
    PRICE_OUT_OF_RANGE = 71
    ENERGY_OUT_OF_RANGE = 72
    ABOVE_CAP = 73
    BEYOND_CAPACITY = 74
    BEYOND_AVAILABILITY = 75
    INSUFFICIENT_FUNDS = 76
    AMOUNT_OVERFLOW = 77
    TOO_MANY_SWITCHINGS = 78
    TOO_MANY_SESSIONS = 79
    TOO_MANY_SIGNALS = 80
    LIMIT_NOT_KEPT = 81
    # Proof of flow.
    PROOF_WRONG_KEY = 90
    PROOF_WRONG_METER = 91
    PROOF_CONFLICT = 92
    # The last administrator or the like can't remove itself.
    NOT_ALLOWED = 100
    # What the operators may decide.
    OUT_OF_BOUNDS = 110
    SET_EMPTIED = 111
    POWER_STEP_TOO_LARGE = 112
    VALIDATOR_TOO_STRONG = 113
    QUORUM_AT_RISK = 114
