"""Parameters of the chain and its modules are replaced, within the bounds that each module has."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.control.api import put_limits
from abci_app.modules.control.api import require_limits as require_switching_limits
from abci_app.modules.governance.electorate import MAX_VOTING_S, MIN_VOTING_S, operators_of, require_decidable
from abci_app.modules.governance.keys import PARAMETERS
from abci_app.modules.grid.api import require_grid, require_reward_terms, set_reward_terms
from abci_app.modules.market.api import require_limits, require_product, set_limits
from abci_app.modules.settlement.api import require_parameters, set_parameters
from abci_app.state.singles import PARAMETERS as CHAIN_PARAMETERS
from abci_app.state.singles import parameters
from wire.accounts import Role
from wire.control import SetSwitchingLimits
from wire.governance import GovernanceParameters, SetChainLimits, SetProductLimits, SetRewardTerms
from wire.results import Code
from wire.settlement import SettlementParameters

# A transaction must have time to get into a block, and a block no need to remember nonces for months.
MIN_EXPIRY_S, MAX_EXPIRY_S = 60, 604_800
MAX_QUOTA = 1_000_000


def check_chain_limits(message: SetChainLimits) -> None:
    """Fields of SetChainLimits."""
    check.length("quotas", message.quotas, 0, len(Role) - 1)
    roles = [quota.role for quota in message.quotas]
    if Role.ROLE_UNSPECIFIED in roles or roles != sorted(set(roles)):
        raise check.invalid("quotas", [role.name for role in roles], "give each role once, in order of number")


def bound_chain_limits(_: Context, message: SetChainLimits) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    check.within("max_expiry_s", message.max_expiry_s, MIN_EXPIRY_S, MAX_EXPIRY_S)
    for quota in message.quotas:
        check.within("quotas.transactions", quota.transactions, 1, MAX_QUOTA)


def apply_chain_limits(context: Context, message: SetChainLimits) -> None:
    """Write what was checked."""
    changed = parameters(context.state)._replace(max_expiry_s=message.max_expiry_s, quotas=message.quotas)
    CHAIN_PARAMETERS.put(context.state, b"", changed)


def bound_governance(context: Context, message: GovernanceParameters) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    require_decidable(message.threshold, len(operators_of(context.state)))
    check.within("voting_s", message.voting_s, MIN_VOTING_S, MAX_VOTING_S)


def apply_governance(context: Context, message: GovernanceParameters) -> None:
    """Write what was checked; proposals that are open keep their time."""
    PARAMETERS.put(context.state, b"", message)


def bound_settlement(_: Context, message: SettlementParameters) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    require_parameters(message)


def apply_settlement(context: Context, message: SettlementParameters) -> None:
    """Write what was checked."""
    set_parameters(context.state, message)


def check_product_limits(message: SetProductLimits) -> None:
    """Fields of SetProductLimits."""
    check.name("product", message.product)


def name_product_limits(context: Context, message: SetProductLimits) -> None:
    """Raises: Refusal UNKNOWN_PRODUCT."""
    require_product(context.state, message.product)


def bound_product_limits(_: Context, message: SetProductLimits) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    require_limits(message.max_energy_wh, message.max_price_neur_per_wh)


def apply_product_limits(context: Context, message: SetProductLimits) -> None:
    """Write what was checked."""
    set_limits(context.state, message.product, message.max_energy_wh, message.max_price_neur_per_wh)


def check_reward_terms(message: SetRewardTerms) -> None:
    """Fields of SetRewardTerms."""
    check.name("vdg", message.vdg)


def name_reward_terms(context: Context, message: SetRewardTerms) -> None:
    """Raises: Refusal UNKNOWN_VDG."""
    require_grid(context.state, message.vdg)


def bound_reward_terms(_: Context, message: SetRewardTerms) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    require_reward_terms(message.reward_rate_neur_per_wh, message.deviation_neur_per_wh2, message.priority)


def apply_reward_terms(context: Context, message: SetRewardTerms) -> None:
    """Write what was checked."""
    set_reward_terms(context, *message)


def name_switching_limits(context: Context, message: SetSwitchingLimits) -> None:
    """Raises: Refusal UNKNOWN_VDG."""
    require_grid(context.state, message.vdg)


def bound_switching_limits(context: Context, message: SetSwitchingLimits) -> None:
    """Raises: Refusal NOT_ALLOWED (this chain has no module control), OUT_OF_BOUNDS."""
    if "control" not in parameters(context.state).modules:
        raise Refusal(
            Code.NOT_ALLOWED, "set_switching_limits: this chain has no module control; nothing is switched on it"
        )
    require_switching_limits(message.switchings_per_slot, message.switchings_per_day)


def apply_switching_limits(context: Context, message: SetSwitchingLimits) -> None:
    """Write what was checked; orders that are there already stay."""
    put_limits(context, message)
