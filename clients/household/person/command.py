"""The commands by which a person is in charge: ``vdg home profile``, ``override``, ``resume`` and ``overrides``."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from clients.common.configuration import ConfigurationError, read_configuration
from clients.household.configuration import HomeSection, HouseholdConfiguration
from clients.household.person.desk import PERSONS_COMMAND
from clients.household.person.override import Override, OverrideKind, OverrideRefused, checked
from clients.household.person.override_records import TABLES, OverrideRecords
from clients.household.person.profile import Profile, read_profile, with_field
from clients.household.person.time_span import end_of
from clients.household.status import existing_file

EXIT_BAD_INPUT = 2
_BUSY_SECONDS = 5

Config = Annotated[Path, typer.Option("--config", help="The agents' YAML file.")]
OneHome = Annotated[str, typer.Option("--home", help="The home's id; needed where the file has several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

profile_command = typer.Typer(no_args_is_help=True, help="What the people of a home want as a rule, in one file.")
override_app = typer.Typer(add_completion=False)


@profile_command.command("init")
def init_command(config: Config, home: OneHome = "", as_json: AsJson = False) -> None:
    """Write a commented profile with the defaults; never over one that is there."""
    with _refusals():
        path = _path(config, home)
        if path.exists():
            raise ConfigurationError(f"{path}: is there already; edit it, or `vdg home profile set`")
        _write(path, Profile())
    typer.echo(json.dumps({"file": str(path)}) if as_json else str(path))


@profile_command.command("show")
def show_command(config: Config, home: OneHome = "", as_json: AsJson = False) -> None:
    """Print a home's profile; the defaults, where it has none."""
    with _refusals():
        profile = read_profile(_path(config, home))
    typer.echo(profile.model_dump_json() if as_json else profile.text().rstrip())


# A value below zero is one to refuse by name, not an option.
@profile_command.command("set", context_settings={"ignore_unknown_options": True})
def set_command(
    config: Config,
    field: Annotated[str, typer.Argument(help="Such as reserve_percent or comfort.least_percent.")],
    value: Annotated[str, typer.Argument(help="As it is written in the file.")],
    home: OneHome = "",
    as_json: AsJson = False,
) -> None:
    """Set one field; a running agent keeps to it within a second. Comments of one's own are not kept."""
    with _refusals():
        path = _path(config, home)
        profile = with_field(read_profile(path), field, value)
        _write(path, profile)
    if as_json:
        typer.echo(json.dumps({"file": str(path), "profile": profile.model_dump(mode="json")}))
    else:
        typer.echo(f"{path}: {field} = {value}")


@profile_command.command("check")
def check_command(config: Config, home: OneHome = "", as_json: AsJson = False) -> None:
    """Say whether the profile can be used, with every fault in it; exit code 2 where it can't."""
    with _refusals():
        path = _path(config, home)
        read_profile(path)
    found = path.exists()
    if as_json:
        typer.echo(json.dumps({"file": str(path), "found": found}))
    else:
        typer.echo(f"{path}: {'can be used' if found else 'is not there; the defaults hold'}")


@override_app.command(context_settings={"ignore_unknown_options": True})
def override_command(
    config: Config,
    kind: Annotated[OverrideKind, typer.Argument(help="What is wanted.")],
    value: Annotated[int | None, typer.Argument(help="For reserve and comfort percent, for least_price neur.")] = None,
    span: Annotated[str, typer.Option("--for", help="How long, such as 90m, 8h or 3d. [default: the kind's]")] = "",
    until: Annotated[str, typer.Option("--until", help="Or until when, with a time zone.")] = "",
    home: OneHome = "",
    as_json: AsJson = False,
) -> None:
    """Let something else hold at once and for a while, whatever the profile says. A restart changes nothing of it."""
    with _refusals():
        configuration = read_configuration(config, HouseholdConfiguration)
        now_s = int(time.time())
        ends_s = end_of(now_s, span, until, kind.hours)
        override = checked(_section(configuration, home).id, kind, value, now_s, ends_s, PERSONS_COMMAND)
        with closing(_connection(configuration)) as connection:
            OverrideRecords(connection).begin(override)
    if as_json:
        typer.echo(json.dumps(_record(override, now_s)))
    else:
        typer.echo(f"{override.home}: {override.text} until {_told(ends_s)}")


def resume_command(
    config: Config,
    kind: Annotated[OverrideKind | None, typer.Argument(help="Which override. [default: all]")] = None,
    home: OneHome = "",
    as_json: AsJson = False,
) -> None:
    """End overrides before their time. Exit code 1: none stood."""
    with _refusals():
        configuration = read_configuration(config, HouseholdConfiguration)
        name, now_s = _section(configuration, home).id, int(time.time())
        with closing(_connection(configuration)) as connection:
            records = OverrideRecords(connection)
            ended = [one.value for one in OverrideKind if kind in (None, one) and records.end(name, one, now_s)]
    if as_json:
        typer.echo(json.dumps({"home": name, "ended": ended}))
    else:
        typer.echo(f"{name}: ended {', '.join(ended)}" if ended else f"{name}: no such override stands")
    if not ended:
        raise typer.Exit(1)


def overrides_command(config: Config, home: OneHome = "", as_json: AsJson = False) -> None:
    """Show a home's overrides, those that stand and those that are over, oldest first."""
    with _refusals():
        configuration = read_configuration(config, HouseholdConfiguration)
        with closing(_connection(configuration)) as connection:
            log = OverrideRecords(connection).log(_section(configuration, home).id)
    now_s = time.time()
    if as_json:
        typer.echo(json.dumps([_record(one, now_s) for one in log]))
        return
    for one in log:
        typer.echo(f"{_told(one.begun_s)}  {one.text:24} {_state(one, now_s)}, by {one.by}")


def _record(one: Override, now_s: float) -> dict[str, Any]:
    return one._asdict() | {"stands": one.stands(now_s)}


def _state(one: Override, now_s: float) -> str:
    if one.stands(now_s):
        return f"until {_told(one.ends_s)}"
    return f"ended {_told(one.ended_s or one.ends_s)}"


def _told(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat()


def _section(configuration: HouseholdConfiguration, home: str) -> HomeSection:
    """Raises: ConfigurationError for a home that the file hasn't, or an unnamed one of several."""
    names = [section.id for section in configuration.homes]
    if not home and len(names) == 1:
        return configuration.homes[0]
    if home not in names:
        raise ConfigurationError(f"--home is {home!r}; give one of {', '.join(names[:10])}")
    return configuration.homes[names.index(home)]


def _path(config: Path, home: str) -> Path:
    configuration = read_configuration(config, HouseholdConfiguration)
    return configuration.profile_of(_section(configuration, home))


def _write(path: Path, profile: Profile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(profile.text(), encoding="utf-8")
    fresh.replace(path)


def _connection(configuration: HouseholdConfiguration) -> sqlite3.Connection:
    """The agent's file, to write to beside it. Raises: ConfigurationError when there is none yet."""
    path = existing_file(configuration)
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_SECONDS
    )
    connection.executescript(TABLES)
    return connection


@contextmanager
def _refusals() -> Iterator[None]:
    """Bad input and files that can't be used: one message, exit code 2."""
    try:
        yield
    except (ConfigurationError, OverrideRefused, sqlite3.Error, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
