"""The genesis document (``app_state``): validated whole, all errors at once, then written module by module."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.api import find_account
from abci_app.modules.accounts.genesis import AccountsGenesis
from abci_app.modules.asset.genesis import AssetGenesis
from abci_app.modules.control.genesis import ControlGenesis
from abci_app.modules.flowproof.module import FlowproofGenesis
from abci_app.modules.genesis_types import AddressHex, Positive, PublicKeyHex, RoleName, Section, role_of
from abci_app.modules.governance.genesis import GovernanceGenesis
from abci_app.modules.grid.genesis import GridGenesis
from abci_app.modules.ledger.genesis import LedgerGenesis
from abci_app.modules.market.genesis import MarketGenesis
from abci_app.modules.settlement.genesis import SettlementGenesis
from abci_app.registry import MODULES, Registry
from abci_app.state.singles import PARAMETERS, VALIDATORS
from wire.chain import ChainParameters, Quota, Validator

_NAMES = [module.name for module in MODULES]
# Governance takes rights from the registrar and needs operators; control is of use where homes have switches or answer
# signals. Each is there for chains that ask for it.
_ASKED_FOR = ("control", "governance")
_ALWAYS = [name for name in _NAMES if name not in _ASKED_FOR]


class GenesisQuota(Section):
    """How many transactions an account of a role may have in a block."""

    role: RoleName
    transactions: int = Field(ge=1, le=1_000_000)


class GenesisOperator(Section):
    """Which account the rewards of a validator go to. ``public_key`` is its consensus key."""

    public_key: PublicKeyHex
    operator: AddressHex


_DEFAULT_QUOTAS = [
    GenesisQuota(role="household", transactions=64),
    GenesisQuota(role="dso", transactions=256),
    GenesisQuota(role="supplier", transactions=64),
    GenesisQuota(role="issuer", transactions=256),
    GenesisQuota(role="registrar", transactions=256),
]


class Genesis(Section):
    """The whole document. ``modules`` switches modules on; one that is left out takes no transactions.

    Without ``modules`` all are on, control and governance only where their parts are given.
    """

    modules: list[str] = Field(default_factory=lambda: list(_ALWAYS))
    max_expiry_s: Positive = 3600
    quotas: list[GenesisQuota] = Field(default_factory=lambda: list(_DEFAULT_QUOTAS))
    validators: list[GenesisOperator] = Field(default_factory=list)
    accounts: AccountsGenesis = Field(default_factory=AccountsGenesis)
    ledger: LedgerGenesis = Field(default_factory=LedgerGenesis)
    grid: GridGenesis = Field(default_factory=GridGenesis)
    asset: AssetGenesis = Field(default_factory=AssetGenesis)
    market: MarketGenesis = Field(default_factory=MarketGenesis)
    flowproof: FlowproofGenesis = Field(default_factory=FlowproofGenesis)
    settlement: SettlementGenesis = Field(default_factory=SettlementGenesis)
    control: ControlGenesis = Field(default_factory=ControlGenesis)
    governance: GovernanceGenesis = Field(default_factory=GovernanceGenesis)

    @model_validator(mode="before")
    @classmethod
    def _asked_for(cls, document: Any) -> Any:
        """Whoever gives the part of a module that is asked for, and no modules, wants it and all the usual ones."""
        if isinstance(document, dict) and "modules" not in document:
            asked = [name for name in _ASKED_FOR if name in document]
            return {**document, "modules": _ALWAYS + asked}
        return document

    @field_validator("modules")
    @classmethod
    def _known_and_whole(cls, names: list[str]) -> list[str]:
        unknown = [name for name in names if name not in _NAMES]
        if unknown:
            raise ValueError(f"unknown modules {unknown}: give some of {', '.join(_NAMES)}")
        # Modules build on those before them in the chain of imports.
        usual = [name for name in _ALWAYS if name in names]
        if usual != _ALWAYS[: len(usual)] or (len(usual) < len(_ALWAYS) and set(names) != set(usual)):
            raise ValueError(
                f"modules build on those before them: give the first few of {', '.join(_ALWAYS)}; after all of these "
                f"any of {', '.join(_ASKED_FOR)}"
            )
        return names


class GenesisError(ValueError):
    """The genesis document is not valid; ``problems`` names every field, its value and the way out."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the genesis document is not valid:\n  " + "\n  ".join(problems))
        self.problems = problems


def parse_genesis(document: bytes | str) -> Genesis:
    """Validate an ``app_state``. Raises: GenesisError with all its errors."""
    try:
        return Genesis.model_validate_json(document)
    except ValidationError as error:
        raise GenesisError(
            [
                f"{'.'.join(str(part) for part in problem['loc']) or 'app_state'} = "
                f"{_shown(problem.get('input'))}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_context=False)
            ]
        ) from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def write_genesis(context: Context, genesis: Genesis, validators: list[Validator], app_version: int) -> Registry:
    """Write the parameters, then every module's part. ``validators`` are CometBFT's, with their power.

    Raises: GenesisError naming the part that contradicts another.
    """
    registry = Registry(tuple(genesis.modules))
    quotas = tuple(Quota(role_of(quota.role), quota.transactions) for quota in genesis.quotas)
    parameters = ChainParameters(
        genesis.max_expiry_s, quotas, tuple(genesis.modules), context.time_s, context.chain_id, app_version
    )
    PARAMETERS.put(context.state, b"", parameters)
    _write_validators(context, genesis, validators)
    for module in registry.modules:
        try:
            module.genesis(context, getattr(genesis, module.name))
        except Refusal as refusal:
            raise GenesisError([f"{module.name}: {refusal.code.name}: {refusal.message}"]) from None
    _check_operators(context)
    return registry


def _write_validators(context: Context, genesis: Genesis, validators: list[Validator]) -> None:
    """Raises: GenesisError for operators of keys that are no validator's."""
    operators = {bytes.fromhex(entry.public_key): bytes.fromhex(entry.operator) for entry in genesis.validators}
    for validator in validators:
        operator = operators.pop(validator.public_key, b"")
        VALIDATORS.put(context.state, validator.public_key, validator._replace(operator=operator))
    if operators:
        raise GenesisError(
            [
                f"validators.public_key = {key.hex()}: no validator of CometBFT's genesis; give the consensus key that "
                "stands there"
                for key in operators
            ]
        )


def _check_operators(context: Context) -> None:
    """Raises: GenesisError for operators that nobody admitted: what they are paid would be nobody's."""
    problems = []
    for validator in VALIDATORS.values(context.state):
        if validator.operator and find_account(context.state, validator.operator) is None:
            problems.append(f"validators.operator = {validator.operator.hex()}: no such account; add it to accounts")
    if problems:
        raise GenesisError(problems)
