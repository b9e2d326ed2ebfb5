"""The options that say where trust begins, for commands that verify."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from clients.common.trust import MAX_PERIOD_HOURS, TrustSection
from node.cli.exits import CommandError, Exit

GenesisOption = Annotated[
    Path | None,
    typer.Option("--genesis", envvar="VDG_GENESIS", help="The chain's genesis.json, whose validators are trusted."),
]
TrustHeightOption = Annotated[
    int | None, typer.Option("--trust-height", min=1, help="The height of a header that you know to be right.")
]
TrustHashOption = Annotated[
    str | None, typer.Option("--trust-hash", metavar="HEX", help="That header's hash, 64 hexadecimal digits.")
]
_PERIOD = "--trusting-period-hours"
PeriodOption = Annotated[
    int, typer.Option(_PERIOD, min=1, max=MAX_PERIOD_HOURS, help="How long a header is trusted after its own time.")
]
EndOption = Annotated[
    int | None,
    typer.Option(
        _PERIOD,
        min=1,
        max=MAX_PERIOD_HOURS,
        help="How long a header is trusted after its own time; without end if not given.",
    ),
]

USUAL_PERIOD_HOURS = 168


class TrustOptions(NamedTuple):
    """Where trust begins, for a command that asks a gateway."""

    genesis: GenesisOption = None
    trust_height: TrustHeightOption = None
    trust_hash: TrustHashOption = None
    trusting_period_hours: PeriodOption = USUAL_PERIOD_HOURS
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="URL", help="A CometBFT node whose header must agree; repeat it for more."),
    ] = None

    def section(self) -> TrustSection:
        """See trust_from."""
        return trust_from(*self)


def trust_from(
    genesis: Path | None, height: int | None, digest: str | None, period_hours: int, witnesses: list[str] | None = None
) -> TrustSection:
    """Where trust begins, by the options: a header that is named comes before a genesis document.

    Raises: CommandError naming what is missing or wrong.
    """
    if genesis is None and height is None and digest is None:
        text = "nothing can be verified from nothing: give --genesis FILE, or --trust-height and --trust-hash"
        raise CommandError(text, Exit.BAD_INPUT)
    if (height is None) != (digest is None):
        raise CommandError("--trust-height, --trust-hash: give both, of one header", Exit.BAD_INPUT)
    if digest is not None and re.fullmatch("[0-9a-fA-F]{64}", digest) is None:
        raise CommandError(f"--trust-hash = {digest!r}: give 64 hexadecimal digits", Exit.BAD_INPUT)
    document = str(genesis) if genesis is not None and height is None else None
    given: dict[str, Any] = {"genesis": document, "height": height, "hash": digest}
    return TrustSection.model_validate(
        given | {"period_hours": period_hours, "witnesses": witnesses or ()},
        context={"folder": Path()},
    )
