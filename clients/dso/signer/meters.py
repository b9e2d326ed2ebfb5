"""The signer's own list of which meter measures which account."""

from __future__ import annotations

from pathlib import Path

from clients.common.csv_file import read_csv
from wire.address import parse_address


def read_meters(path: Path) -> dict[bytes, str]:
    """Read a CSV file with the header ``account,meter`` (address in hexadecimal, serial number).

    Raises: ConfigurationError with every line that is wrong.
    """
    meters: dict[bytes, str] = {}

    def take(_line: int, row: list[str]) -> None:
        account, meter = parse_address(row[0]), row[1]
        if not meter:
            raise ValueError(f"{row} is not an account and a meter")
        if account in meters:
            raise ValueError(f"account {row[0]} is there already: keep one line")
        meters[account] = meter

    read_csv("meters_csv", path, ["account", "meter"], take)
    return meters
