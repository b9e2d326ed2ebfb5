"""What an agent is told: config/household.yaml is the commented sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from clients.common.broker import BrokerAddress
from clients.common.channel import Tls
from clients.common.configuration import FilePath, Section
from clients.common.trust import TrustSection
from clients.household.devices.homeassistant import DEFAULT_PREFIX
from clients.household.flexible.section import DeviceSection
from clients.household.forecasting.forecast import PersistenceSettings
from clients.household.forecasting.forecasters import ForecasterName
from clients.household.forecasting.learned import LearnedSettings
from clients.household.forecasting.seasonal import SeasonalSettings
from clients.household.home import Habits
from clients.household.offers import OfferRules
from clients.household.plan import Permille, Rule
from clients.household.planned import PlanningSettings
from clients.household.response.own_slot import ControlSettings
from clients.household.strategy import StrategyName
from clients.household.sunspec.section import SunSpecSection

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]


class GatewayTls(Section):
    """PEM files for TLS to the gateway; certificate and key for mutual TLS."""

    authority: FilePath | None = None
    certificate: FilePath | None = None
    key: FilePath | None = None
    server_name: str = ""

    def files(self) -> Tls:
        """As the client library takes them."""
        return Tls(self.authority, self.certificate, self.key, self.server_name)


class GatewaySection(Section):
    """Where the chain is reached; ``chain_id`` refuses any other chain. ``others`` stand in for one that lies."""

    target: Annotated[str, Field(min_length=3)]
    others: Annotated[tuple[str, ...], Field(strict=False)] = ()
    chain_id: str | None = None
    tls: GatewayTls | None = None


class BrokerSection(BrokerAddress):
    """The MQTT broker of the homes."""

    client_id: Annotated[str, Field(max_length=23)] = ""


class HomeAssistantSection(Section):
    """The homes' pages in Home Assistant, by its MQTT discovery; ``agent`` differs between agents on one broker."""

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]+(/[A-Za-z0-9_\-]+)*$")] = DEFAULT_PREFIX
    agent: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")] = "household"


class HomeSection(Section):
    """One home: its id on MQTT and its key, which is either encrypted or, for a network on one machine, a seed of 64
    hexadecimal digits in a file that only its owner can read."""

    id: Name
    vdg: Name | None = None
    keystore: FilePath | None = None
    passphrase_file: FilePath | None = None
    seed_file: FilePath | None = None
    meter: Name | None = None
    margin_permille: Permille | None = None
    profile: FilePath | None = None
    devices: Annotated[tuple[DeviceSection, ...], Field(strict=False)] = ()
    sunspec: SunSpecSection | None = None

    @model_validator(mode="after")
    def _devices_apart(self) -> Self:
        ids = [device.id for device in self.devices]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"devices names {', '.join(twice)} more than once: give each device its own id")
        return self

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.keystore is None) == (self.seed_file is None):
            raise ValueError("give either keystore or seed_file")
        if self.passphrase_file is not None and self.keystore is None:
            raise ValueError("passphrase_file goes with keystore; a seed_file has no passphrase")
        return self


class HouseholdConfiguration(Section):
    """The whole file. ``trust``: where verifying begins; with ``verify`` false, gateways are believed.

    ``dso_mqtt``: where homes and DSO meet, when that is another broker than the house's own, which is ``mqtt``.
    ``highest_margin_permille``: a home without a margin of its own has one up to this, which
    follows from its account."""

    gateway: GatewaySection
    verify: bool = True
    trust: TrustSection | None = None
    mqtt: BrokerSection
    dso_mqtt: BrokerSection | None = None
    data: FilePath
    vdg: Name | None = None
    highest_margin_permille: Permille = 300
    forecaster: Annotated[ForecasterName, Field(strict=False)] = ForecasterName.PERSISTENCE
    forecast: PersistenceSettings = PersistenceSettings()
    seasonal: SeasonalSettings = SeasonalSettings()
    learned: LearnedSettings = LearnedSettings()
    strategy: Annotated[StrategyName, Field(strict=False)] = StrategyName.PLANNED
    planning: PlanningSettings = PlanningSettings()
    battery: Rule = Rule()
    offers: OfferRules = OfferRules()
    habits: Habits = Habits()
    control: ControlSettings = ControlSettings()
    home_assistant: HomeAssistantSection | None = None
    homes: Annotated[tuple[HomeSection, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _trust_given(self) -> Self:
        if self.verify and self.trust is None:
            raise ValueError(
                "trust is not given: give trust.genesis, or trust.height and trust.hash, so that what gateways say can "
                "be verified; or verify: false, to believe them"
            )
        return self

    @model_validator(mode="after")
    def _homes_fit(self) -> Self:
        ids = [home.id for home in self.homes]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"homes names {', '.join(twice)} more than once: keep one entry each")
        places = [(home.sunspec.where, home.id) for home in self.homes if home.sunspec is not None]
        for place in sorted({where for where, _ in places}):
            sharers = [home for where, home in places if where == place]
            if len(sharers) > 1:
                raise ValueError(f"sunspec {place} is in homes {', '.join(sharers)}: give each home its own inverter")
        nowhere = [home.id for home in self.homes if home.vdg is None and self.vdg is None]
        if nowhere:
            raise ValueError(f"homes {', '.join(nowhere)} have no vdg: give one there, or one for all at the top")
        return self

    def vdg_of(self, home: HomeSection) -> str:
        """The grid that a home is a member of."""
        return home.vdg or self.vdg or ""

    def profile_of(self, home: HomeSection) -> Path:
        """Where a home's profile is, or would be."""
        return home.profile or self.data / "profiles" / f"{home.id}.yaml"

    @property
    def chain_file(self) -> Path:
        """The client library's state: nonces and transactions under way."""
        return self.data / "chain.db"

    @property
    def trust_file(self) -> Path:
        """The newest header that was verified."""
        return self.data / "trust.json"

    @property
    def household_file(self) -> Path:
        """The agent's own state: contracts, bills, what is being sent."""
        return self.data / "household.db"
