"""The reward for keeping to the plan, R - a_r (x - x_hat)^2 of (6.6), out of the VDG's pool."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.core.numbers import bounded, share
from abci_app.modules.ledger.api import balance_of, pay_or_owe
from abci_app.modules.settlement.bill import Bill
from wire.grid import Grid
from wire.ledger import account_holder, reward_pool


def reward_neur(grid: Grid, market_wh: int, flow_wh: int, planned_wh: int) -> int:
    """R - a_r (x - x_hat)^2 with R = reward rate times |x_m| (nEUR); negative is a charge.

    Raises: Refusal AMOUNT_OVERFLOW.
    """
    deviation = flow_wh - planned_wh
    return bounded(
        grid.reward_rate_neur_per_wh * abs(market_wh) - grid.deviation_neur_per_wh2 * deviation * deviation,
        "reward_neur",
    )


def pay_rewards(context: Context, grid: Grid, bills: list[Bill]) -> None:
    """Collect the charges, then pay the rewards; a pool that is short scales them down together (ranks: address)."""
    pool = reward_pool(grid.vdg)
    due = [reward_neur(grid, bill.market_wh, bill.flow_wh, bill.planned_wh) for bill in bills]
    for bill, amount in zip(bills, due, strict=True):
        if amount < 0:
            bill.reward_neur = amount
            bill.debt_neur += pay_or_owe(context, account_holder(bill.account), pool, -amount, "reward charge")
    wanted = [max(amount, 0) for amount in due]
    payable = min(sum(wanted), balance_of(context.state, pool).free_neur)
    parts = share(payable, wanted, [bill.account for bill in bills])
    for bill, part in zip(bills, parts, strict=True):
        if part:
            bill.reward_neur = part
            pay_or_owe(context, pool, account_holder(bill.account), part, "reward")
