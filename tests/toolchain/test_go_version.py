"""Reading the version a Go tells."""

from __future__ import annotations

import pytest

from node.toolchain.go import parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go1.26.8", (1, 26, 8)),
        ("go1.25", (1, 25, 0)),
        ("go1.26.8 X:nodwarf5", (1, 26, 8)),
        ("devel go1.30-d1cc5f", None),
        ("go1.26rc1", None),
        ("", None),
    ],
)
def test_a_release_is_read_and_anything_of_unknown_age_is_not(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version
