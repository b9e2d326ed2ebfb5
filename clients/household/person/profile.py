"""A home's profile: what its people want as a rule, in one commented YAML file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from clients.common.configuration import ConfigurationError, Section, read_configuration
from clients.common.yaml_file import BadYaml, read_yaml
from clients.household.person.override import MOST_PRICE_NEUR_PER_WH

Percent = Annotated[int, Field(ge=0, le=100)]


_TAKES = {
    "comfort.least_percent": "a whole number of 0 to 100",
    "comfort.most_percent": "a whole number of 0 to 100",
    "reserve_percent": "a whole number of 0 to 100",
    "least_price_neur_per_wh": f"a whole number of 0 to {MOST_PRICE_NEUR_PER_WH}",
    "trading": "true or false",
    "away": "[] or [{begins: 2026-07-01T08:00:00+02:00, ends: 2026-07-14T18:00:00+02:00}]",
    "away_comfort_percent": "a whole number of 0 to 100",
}


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("give a time zone too, such as 2026-07-01T08:00:00+02:00")
    return value.astimezone(UTC)


Moment = Annotated[datetime, Field(strict=False), AfterValidator(_moment)]

TEMPLATE = """\
# What the people of this home want as a rule. The agent reads it anew whenever it changes; `vdg home profile check`
# says whether it can. What is wanted only for a while is an override: `vdg home override`.

# How warm the heat store (heat pump, water heater) is kept: a part of the comfort band that the device states, percent.
comfort:
  least_percent: {comfort.least_percent}
  most_percent: {comfort.most_percent}

# Kept in the battery for outages: percent of its usable energy. Used for nothing else.
reserve_percent: {reserve_percent}

# Nothing is sold on the market below this price (neur per Wh; 100000 is 10 cents a kWh). 0: the agent decides alone.
least_price_neur_per_wh: {least_price_neur_per_wh}

# false: no orders are placed; the battery goes on for the house alone.
trading: {trading}

# Days away, each with a time zone. Meanwhile the heat store need only be kept at `away_comfort_percent`, and no
# appliance is planned.
away: {away}
away_comfort_percent: {away_comfort_percent}
"""


class Comfort(Section):
    """Part of a heat store's comfort band, percent."""

    least_percent: Percent = 0
    most_percent: Percent = 100

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.least_percent >= self.most_percent:
            raise ValueError(f"least_percent is {self.least_percent}; give less than most_percent, {self.most_percent}")
        return self


class Absence(Section):
    """From ``begins`` to ``ends``, both with a time zone."""

    begins: Moment
    ends: Moment

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError(f"ends is {self.ends.isoformat()}; give a time after begins, {self.begins.isoformat()}")
        if self.ends - self.begins > timedelta(days=366):
            raise ValueError("an absence lasts a year at most; give an earlier end")
        return self


class Profile(Section):
    """The whole file; what is left out is as here."""

    comfort: Comfort = Comfort()
    reserve_percent: Percent = 0
    least_price_neur_per_wh: Annotated[int, Field(ge=0, le=MOST_PRICE_NEUR_PER_WH)] = 0
    trading: bool = True
    away: Annotated[tuple[Absence, ...], Field(strict=False)] = ()
    away_comfort_percent: Percent = 0

    def is_away(self, now_s: float) -> bool:
        """Whether nobody is at home at a moment (Unix seconds)."""
        return any(one.begins.timestamp() <= now_s < one.ends.timestamp() for one in self.away)

    def text(self) -> str:
        """The file, with its comments."""
        absences = [{"begins": one.begins.isoformat(), "ends": one.ends.isoformat()} for one in self.away]
        values = self.model_dump() | {"trading": str(self.trading).lower()}
        flat = {f"comfort.{key}": value for key, value in self.comfort.model_dump().items()}
        text = TEMPLATE
        for key, value in (values | flat | {"away": yaml.safe_dump(absences, default_flow_style=True).strip()}).items():
            text = text.replace(f"{{{key}}}", str(value))
        return text


def read_profile(path: Path) -> Profile:
    """Read a home's profile; as a rule, where there is no file. Raises: ConfigurationError with all that is wrong."""
    return read_configuration(path, Profile) if path.exists() else Profile()


def with_field(profile: Profile, name: str, value: str) -> Profile:
    """The profile with one field set, as written in YAML. Raises: ConfigurationError for an unknown field or value."""
    data = profile.model_dump(mode="json")
    section, _, inner = name.partition(".")
    try:
        read = read_yaml(value)
        if inner:
            if not isinstance(data.get(section), dict) or inner not in data[section]:
                raise ConfigurationError(f"{name}: there is no such field; there are {', '.join(field_names())}")
            data[section][inner] = read
        elif name in data and not isinstance(data[name], dict):
            data[name] = read
        else:
            raise ConfigurationError(f"{name}: there is no such field; there are {', '.join(field_names())}")
        return Profile.model_validate(data)
    except BadYaml as error:
        raise ConfigurationError(f"{name} = {value}: {error}") from error
    except ConfigurationError:
        raise
    except ValueError as error:
        raise ConfigurationError(f"{name} = {value.strip() or '(nothing)'}: {_told(name, error)}") from error


def field_names() -> list[str]:
    """What can be set by name."""
    data = Profile().model_dump()
    nested = [f"{name}.{inner}" for name, value in data.items() if isinstance(value, dict) for inner in value]
    return [*nested, *(name for name, value in data.items() if not isinstance(value, dict))]


def _told(name: str, error: ValueError) -> str:
    """What is wrong with the value of a field, and what would do."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = []
    for item in error.errors(include_url=False):
        if item["type"] == "value_error":
            # Our own words, which have the way out.
            return str(item["ctx"]["error"])
        within = ".".join(str(part) for part in item["loc"]).removeprefix(name).removeprefix(".")
        faults.append(f"{within}: {item['msg']}" if within else item["msg"])
    return f"{', '.join(faults)}; give {_TAKES[name]}"
