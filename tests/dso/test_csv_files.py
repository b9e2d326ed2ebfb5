"""The lists that a DSO writes for its processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.common.configuration import ConfigurationError
from clients.dso.homes_file import read_homes
from clients.dso.signer.meters import read_meters

ONE, TWO = "0a" * 20, "0b" * 20


def test_a_list_of_meters_is_read_and_every_wrong_line_named(tmp_path: Path) -> None:
    path = tmp_path / "meters.csv"
    path.write_text(f"account,meter\n{ONE},meter-1\n{TWO},meter-1\n")
    assert read_meters(path) == {bytes.fromhex(ONE): "meter-1", bytes.fromhex(TWO): "meter-1"}
    path.write_text(f"account,meter\n{ONE},meter-1\n{TWO},\n{TWO}\nXY,meter-2\n{ONE},meter-3\n")
    with pytest.raises(ConfigurationError) as told:
        read_meters(path)
    for line in (3, 4, 5, 6):
        assert f"line {line}: " in str(told.value)
    assert "line 2" not in str(told.value)


def test_a_list_of_homes_needs_no_network_and_names_every_wrong_line(tmp_path: Path) -> None:
    path = tmp_path / "homes.csv"
    path.write_text(f"account,home\n{ONE},h1\n{TWO},h2\n")
    assert read_homes(path) == {bytes.fromhex(ONE): "h1", bytes.fromhex(TWO): "h2"}
    path.write_text(f"account,home\n{ONE},h1\n{ONE},h2\n{TWO},h1\n0a0a,h3\n")
    with pytest.raises(ConfigurationError) as told:
        read_homes(path)
    for line in (3, 4, 5):
        assert f"line {line}: " in str(told.value)


def test_a_list_that_is_missing_or_has_another_header_is_refused_with_its_field(tmp_path: Path) -> None:
    path = tmp_path / "homes.csv"
    with pytest.raises(ConfigurationError, match=r"homes_csv = .*can't be read"):
        read_homes(path)
    path.write_text("home\nh1\n")
    with pytest.raises(ConfigurationError, match="line 1 is not account,home"):
        read_homes(path)
