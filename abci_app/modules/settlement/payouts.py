"""Sharing the validators' pool by voting power (MODEL section 5, rule 4)."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.core.numbers import share
from abci_app.modules.ledger.api import balance_of, pay_or_owe
from abci_app.modules.settlement.keys import PARAMETERS
from abci_app.state.due import schedule
from abci_app.state.singles import VALIDATORS
from wire.chain import Moment
from wire.ledger import VALIDATOR_POOL, account_holder
from wire.settlement import SettlementParameters, ValidatorsRewarded


def pay_validators(context: Context, _: bytes) -> None:
    """Pay out the pool and wait for the next time."""
    state = context.state
    parameters = PARAMETERS.get(state, b"") or SettlementParameters()
    validators = [validator for validator in VALIDATORS.values(state) if validator.operator]
    amount = balance_of(state, VALIDATOR_POOL).free_neur
    if amount and validators:
        parts = share(amount, [v.power for v in validators], [v.public_key for v in validators])
        for validator, part in zip(validators, parts, strict=True):
            pay_or_owe(context, VALIDATOR_POOL, account_holder(validator.operator), part, "validator reward")
        context.emit(ValidatorsRewarded(amount, len(validators)))
    schedule(state, Moment.MOMENT_PAYOUT, context.time_s + parameters.payout_s)
