"""The options that say where trust begins, for commands that verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import ValidationError

from clients.common.trust import TrustSection
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
PeriodOption = Annotated[
    int,
    typer.Option("--trusting-period-hours", min=1, help="How long a header is trusted after its own time."),
]
# Of a file that is checked without a network: its headers don't become wrong with age.
UNLIMITED_HOURS = 24 * 365 * 10


class TrustOptions(NamedTuple):
    """Where trust begins, for a command that asks a gateway."""

    genesis: GenesisOption = None
    trust_height: TrustHeightOption = None
    trust_hash: TrustHashOption = None
    trusting_period_hours: PeriodOption = 168
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
    document = str(genesis) if genesis is not None and height is None and digest is None else None
    given: dict[str, Any] = {"genesis": document, "height": height, "hash": digest}
    try:
        return TrustSection.model_validate(
            given | {"period_hours": period_hours, "witnesses": witnesses or ()},
            context={"folder": Path()},
        )
    except ValidationError as error:
        if genesis is None and height is None and digest is None:
            text = "nothing can be verified from nothing: give --genesis FILE, or --trust-height and --trust-hash"
            raise CommandError(text, Exit.BAD_INPUT) from None
        wrong = [f"{'.'.join(map(str, item['loc'])) or 'trust'}: {item['msg']}" for item in error.errors()]
        raise CommandError("; ".join(wrong), Exit.BAD_INPUT) from None
