"""The money that is there from the start."""

from __future__ import annotations

from pydantic import Field, model_validator

from abci_app.core.context import Context
from abci_app.modules.accounts.api import require_account
from abci_app.modules.genesis_types import AddressHex, Name, Positive, Section
from abci_app.modules.ledger.store import move
from wire.ledger import ISSUANCE, Moved, account_holder, reward_pool


class GenesisBalance(Section):
    """Money minted at genesis for an account, or for a VDG's reward pool."""

    account: AddressHex | None = None
    reward_pool: Name | None = None
    amount_neur: Positive

    @model_validator(mode="after")
    def _one_holder(self) -> GenesisBalance:
        if (self.account is None) == (self.reward_pool is None):
            raise ValueError("name either account or reward_pool")
        return self

    def holder(self) -> bytes:
        """Whom it is for."""
        return account_holder(bytes.fromhex(self.account)) if self.account else reward_pool(self.reward_pool or "")


class LedgerGenesis(Section):
    """Part ``ledger``."""

    balances: list[GenesisBalance] = Field(default_factory=list)


def write(context: Context, part: LedgerGenesis) -> None:
    """Mint the balances. Raises: Refusal UNKNOWN_ACCOUNT, AMOUNT_OVERFLOW."""
    for balance in part.balances:
        if balance.account:
            require_account(context.state, "balances.account", bytes.fromhex(balance.account))
        move(context.state, ISSUANCE, balance.holder(), balance.amount_neur)
        context.emit(Moved(ISSUANCE, balance.holder(), balance.amount_neur, "genesis"))
