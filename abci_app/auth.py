"""Who sends a transaction, and whether it may be sent now: signature, expiry, nonce, role, quota."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.keys import ACCOUNTS, NONCES
from abci_app.modules.accounts.nonces import use_nonce
from abci_app.state.singles import parameters
from wire.accounts import Account, NonceWindow, Role
from wire.results import Code
from wire.tx import TxBody

_FRESH = NonceWindow()
# For roles that the genesis gives no quota.
DEFAULT_QUOTA = 16


class NotAllowed(Refusal):
    """A good, fresh transaction of a sender that may not send it. In a block its nonce is used all the same."""

    def __init__(self, code: Code, message: str, sender: bytes, window: NonceWindow) -> None:
        super().__init__(code, message)
        self.sender = sender
        self.window = window


class Quotas:
    """How many transactions each account has in a block (or in the mempool since the last one)."""

    __slots__ = ("_used",)

    def __init__(self) -> None:
        self._used: dict[bytes, int] = {}

    def require_left(self, state: State, account: Account) -> None:
        """Raises: Refusal QUOTA_EXCEEDED."""
        used = self._used.get(account.address, 0)
        # The smallest quota that any role can have is not worth a look at the roles.
        if used and used >= _quota(state, account):
            raise Refusal(
                Code.QUOTA_EXCEEDED,
                f"the sender has {used} transactions in this block: send again after the next one",
            )

    def count(self, account: Account) -> None:
        """One more transaction of the account."""
        self._used[account.address] = self._used.get(account.address, 0) + 1


def _quota(state: State, account: Account) -> int:
    """The largest quota that one of the account's roles has."""
    quotas = [quota.transactions for quota in parameters(state).quotas if quota.role in account.roles]
    return max(quotas, default=DEFAULT_QUOTA)


def require_sender(state: State, body: TxBody) -> Account:
    """The account that claims to send. Raises: Refusal UNKNOWN_SENDER."""
    account = ACCOUNTS.get(state, body.sender)
    if account is None:
        raise Refusal(
            Code.UNKNOWN_SENDER, f"sender = {body.sender.hex()}: no such account; have the registrar admit its key"
        )
    return account


def authorise(
    state: State, body: TxBody, account: Account, roles: tuple[Role, ...], time_s: int, quotas: Quotas
) -> None:
    """Check everything about a sender whose signature is good; then use the nonce and count the quota.

    Raises: Refusal EXPIRED, EXPIRY_TOO_FAR, NONCE_TOO_OLD, NONCE_USED, NONCE_TOO_HIGH; NotAllowed SENDER_FROZEN,
    WRONG_ROLE, QUOTA_EXCEEDED.
    """
    if body.expires_s < time_s:
        raise Refusal(
            Code.EXPIRED, f"expires_s = {body.expires_s}: block time is {time_s}; sign anew with a later expiry"
        )
    latest = time_s + parameters(state).max_expiry_s
    if body.expires_s > latest:
        raise Refusal(
            Code.EXPIRY_TOO_FAR, f"expires_s = {body.expires_s}: block time is {time_s}; give at most {latest}"
        )
    window = use_nonce(NONCES.get(state, body.sender) or _FRESH, body.nonce)
    try:
        _require_allowed(body, account, roles)
        quotas.require_left(state, account)
    except Refusal as refusal:
        raise NotAllowed(refusal.code, refusal.message, body.sender, window) from None
    # After this point the action must succeed.
    NONCES.put(state, body.sender, window)
    quotas.count(account)


def _require_allowed(body: TxBody, account: Account, roles: tuple[Role, ...]) -> None:
    if account.frozen:
        raise Refusal(Code.SENDER_FROZEN, f"sender = {body.sender.hex()} is frozen: ask the registrar")
    if roles and not any(role in account.roles for role in roles):
        names = " or ".join(role.name for role in roles)
        raise Refusal(Code.WRONG_ROLE, f"sender = {body.sender.hex()}: {type(body.message).__name__} needs {names}")


def use_up(state: State, refusal: NotAllowed) -> None:
    """Use the nonce of a transaction that is in a block though its sender lost the right to it in that block.

    Its result is final then: the same bytes must not be executed later, when the sender is thawed, say.
    """
    NONCES.put(state, refusal.sender, refusal.window)
