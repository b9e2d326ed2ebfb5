"""The fixed part of a scenario file; transactions, queries and events are read by the wire's own types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from abci_app.modules.genesis_types import Amount, Name, RoleName, Section

# 100 and 10,000 euro.
HOUSEHOLD_MONEY_NEUR = 100 * 10**9
COMPANY_MONEY_NEUR = 10_000 * 10**9


class AccountEntry(Section):
    """An account that is there from the start, or with ``roles: []`` a key that nobody has admitted.

    A household is a member of a VDG, with a meter, and has devices with the powers given.
    """

    roles: list[RoleName] = Field(default_factory=list)
    money_neur: Amount | None = None
    vdg: Name | None = None
    meter: Name | None = None
    pv_w: Amount = 0
    battery_w: Amount = 0
    battery_wh: Amount = 0


def account_fields(value: Any) -> Any:
    """An account's fields from its short forms: a role, or a list of roles."""
    if isinstance(value, str):
        return {"roles": [value]}
    return {"roles": value} if isinstance(value, list) else value


Generic = dict[str, Any]


class ExpectEntry(Section):
    """What must hold after a block. Events: in this order among all of the block's, others may stand between."""

    events: list[Any] = Field(default_factory=list)
    no_events: list[Any] = Field(default_factory=list)
    balances: Generic = Field(default_factory=dict)
    app_hash: str | None = None


class MisbehaviourEntry(Section):
    """What CometBFT reports with a block: a validator, by the name of its key, and what it did in the block before."""

    validator: Name
    offence: Literal["duplicate_vote", "light_client_attack"] = "duplicate_vote"


class BlockEntry(Section):
    """A block: its time, its transactions in order, what is asked after it, and what must hold (``ExpectEntry``).

    ``silent`` are validators, by the names of their keys, whose votes are not in the commit of the block before.
    """

    at: int | str = "+ 1 s"
    misbehaviour: list[MisbehaviourEntry] = Field(default_factory=list)
    silent: list[Name] = Field(default_factory=list)
    transactions: list[Any] = Field(default_factory=list)
    queries: list[Any] = Field(default_factory=list)
    expect: Any = Field(default_factory=dict)


class ScenarioEntry(Section):
    """The whole file; accounts are ``AccountEntry``, blocks ``BlockEntry``.

    ``keys`` are names of keys that belong to no account (yet); ``validators`` have voting power.
    """

    title: str = ""
    about: str = ""
    chain_id: str = Field(default="vdg-scenario", min_length=1, max_length=50)
    start: int | str = "slot 0"
    accounts: Generic = Field(default_factory=dict)
    keys: list[Name] = Field(default_factory=list)
    validators: dict[Name, Annotated[int, Field(ge=1, le=10**12)]] = Field(default_factory=lambda: {"validator": 10})
    genesis: Generic = Field(default_factory=dict)
    blocks: list[Any] = Field(default_factory=list)


# There without being named, unless the file says otherwise about the name.
STANDARD_ACCOUNTS = {
    "registrar": AccountEntry(roles=["registrar"]),
    "issuer": AccountEntry(roles=["issuer"]),
    "dso": AccountEntry(roles=["dso"], money_neur=COMPANY_MONEY_NEUR),
    "supplier": AccountEntry(roles=["supplier"], money_neur=COMPANY_MONEY_NEUR),
    "operator": AccountEntry(roles=["operator"]),
}
