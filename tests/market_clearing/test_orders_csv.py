"""Reading orders: what is accepted, and what every fault is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from abci_app.modules.market.clearing import Order
from node.market_clear.input_error import InputError
from node.market_clear.orders_csv import HEADER, parse_orders, read_orders

MAX = (1 << 63) - 1
GOOD = "home,bid,5,7\nroof,ask,3,2\n"


def errors_of(text: str | bytes) -> list[tuple[int | None, str, str, str]]:
    """(line, field, value, reason) of each fault in the file."""
    data = text if isinstance(text, bytes) else text.encode()
    return [error[:4] for error in parse_orders(data).errors]


def errors_of_rows(*rows: str) -> list[tuple[int | None, str, str, str]]:
    return errors_of("\n".join((HEADER, *rows)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f"{HEADER}\n{GOOD}".encode(), id="plain"),
        pytest.param(f"{HEADER}\n{GOOD}".rstrip().encode(), id="no newline at the end"),
        pytest.param(f"\ufeff{HEADER}\n{GOOD}".encode(), id="byte order mark"),
        pytest.param(f"{HEADER}\n{GOOD}".replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(f"{HEADER}\n{GOOD}".replace("\n", "\r").encode(), id="CR"),
        pytest.param(f"\n{HEADER}\n\n{GOOD}\n  \n".encode(), id="blank lines"),
        pytest.param(f'{HEADER}\n"home","bid","5","7"\n"roof",ask,3,"2"\n'.encode(), id="quoted cells"),
        pytest.param(f"{HEADER}\nhome, bid, 5 ,7\nroof,ask ,3,\t2\n".encode(), id="spaces around cells"),
        pytest.param(f"{HEADER}\nhome,bid,+5,007\nroof,ask,3,2\n".encode(), id="plus signs and leading zeros"),
        pytest.param(
            b"side,account,limit_price_neur_per_wh,energy_wh\nbid,home,7,5\nask,roof,2,3\n", id="columns moved"
        ),
    ],
)
def test_the_same_orders_are_read_however_the_file_is_written(data: bytes) -> None:
    orders = parse_orders(data)
    assert orders.errors == []
    assert orders.bids == [Order(b"home", 5, 7)]
    assert orders.asks == [Order(b"roof", 3, 2)]


def test_an_account_is_the_bytes_of_its_name() -> None:
    orders = parse_orders(f'{HEADER}\n"Müller, Haus ""3""",bid,1,1\n'.encode())
    assert orders.bids == [Order('Müller, Haus "3"'.encode(), 1, 1)]


def test_a_header_alone_is_an_empty_book() -> None:
    assert parse_orders(HEADER.encode()) == ([], [], [])


def test_the_largest_amounts_are_accepted() -> None:
    orders = parse_orders(f"{HEADER}\na,bid,{MAX},1\nb,ask,1,{MAX}\n".encode())
    assert orders.errors == []
    assert orders.asks == [Order(b"b", 1, MAX)]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",bid,1,1", ("account", "", "is empty")),
        (" home,bid,1,1", ("account", " home", "has spaces around it")),
        ("ho\x1b[31mme,bid,1,1", ("account", "ho\x1b[31mme", "has characters that cannot be printed")),
        ("ho\x00me,bid,1,1", ("account", "ho\x00me", "has characters that cannot be printed")),
        ("home,,1,1", ("side", "", "is neither bid nor ask")),
        ("home,BID,1,1", ("side", "BID", "is neither bid nor ask")),
        ("home,buy,1,1", ("side", "buy", "is neither bid nor ask")),
        ("home,bid,0,1", ("energy_wh", "0", "is not positive")),
        ("home,bid,-0,1", ("energy_wh", "-0", "is not positive")),
        ("home,bid,-5,1", ("energy_wh", "-5", "is not positive")),
        ("home,bid,,1", ("energy_wh", "", "is empty")),
        ("home,bid,1.5,1", ("energy_wh", "1.5", "is not a whole number")),
        ("home,bid,1e3,1", ("energy_wh", "1e3", "is not a whole number")),
        ("home,bid,1_000,1", ("energy_wh", "1_000", "is not a whole number")),
        ("home,bid,0x10,1", ("energy_wh", "0x10", "is not a whole number")),
        ("home,bid,١٢,1", ("energy_wh", "١٢", "is not a whole number")),
        ("home,bid,nan,1", ("energy_wh", "nan", "is not a whole number")),
        (f"home,bid,{MAX + 1},1", ("energy_wh", str(MAX + 1), "does not fit into signed 64 bits")),
        (f"home,bid,-{MAX + 9},1", ("energy_wh", f"-{MAX + 9}", "does not fit into signed 64 bits")),
        (f"home,bid,{'9' * 9000},1", ("energy_wh", "9" * 9000, "does not fit into signed 64 bits")),
        ("home,ask,1,0", ("limit_price_neur_per_wh", "0", "is not positive")),
        ("home,ask,1,0.15", ("limit_price_neur_per_wh", "0.15", "is not a whole number")),
        ("home,bid,1", ("line", "home,bid,1", "has 3 cells where the header has 4")),
        ("home,bid,1,1,", ("line", "home,bid,1,1,", "has 5 cells where the header has 4")),
        ('"ho"me,bid,1,1', ("line", '"ho"me,bid,1,1', "is not CSV (',' expected after '\"')")),
        ('"home,bid,1,1', ("line", '"home,bid,1,1', "is not CSV (unexpected end of data)")),
    ],
)
def test_each_faulty_row_is_named_with_its_field_value_and_reason(row: str, fault: tuple[str, str, str]) -> None:
    assert errors_of_rows("first,bid,1,1", row) == [(3, *fault)]


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_energy_times_price_must_fit_into_64_bits(side: str) -> None:
    (error,) = errors_of_rows(f"home,{side},{1 << 32},{1 << 31}")
    product = f"{1 << 32} * {1 << 31}"
    reason = f"is {1 << 63} neur, which does not fit into signed 64 bits"
    assert error == (2, "energy_wh * limit_price_neur_per_wh", product, reason)


def test_the_row_that_takes_a_total_past_64_bits_is_named_once() -> None:
    half = 1 << 62
    assert errors_of_rows(f"a,ask,{half},1", "b,ask,1,1", f"c,ask,{half},1", "d,ask,1,1") == [
        (4, "energy_wh", str(half), f"takes the file's ask energy to {MAX + 2} Wh, beyond signed 64 bits")
    ]
    # 2^31 Wh at 2^31 neur/Wh: two such bids are 2^63 neur, though their energy is small.
    assert errors_of_rows(*(f"{name},bid,{1 << 31},{1 << 31}" for name in "abc")) == [
        (
            3,
            "energy_wh * limit_price_neur_per_wh",
            str(half),
            f"takes the file's bid value to {MAX + 1} neur, beyond signed 64 bits",
        )
    ]


def test_a_second_order_of_an_account_is_refused_on_either_side() -> None:
    assert errors_of_rows("home,bid,1,1", "roof,ask,1,1", "home,ask,1,1", "roof,ask,1,1") == [
        (4, "account", "home", "has an order on line 2 already"),
        (5, "account", "roof", "has an order on line 3 already"),
    ]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("account,side,energy_wh", "lacks limit_price_neur_per_wh"),
        (f"{HEADER},note", "has the unknown 'note'"),
        (f"{HEADER},side", "repeats side"),
        ("account,side,energy_kwh,limit_price_neur_per_wh", "lacks energy_wh and has the unknown 'energy_kwh'"),
        (
            HEADER.replace(",", ";"),
            f"lacks {HEADER.replace(',', ', ')} and has the unknown '{HEADER.replace(',', ';')}'",
        ),
    ],
)
def test_a_wrong_header_names_what_is_missing_and_what_is_too_much(header: str, reason: str) -> None:
    assert errors_of(header + "\n") == [(1, "header", header, reason)]


def test_rows_are_checked_even_under_a_wrong_header() -> None:
    assert [error[:2] for error in errors_of("account,side,energy_wh\nhome,buy,0\n")] == [
        (1, "header"),
        (2, "side"),
        (2, "energy_wh"),
    ]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n  \n"])
def test_an_empty_file_lacks_its_header(data: bytes) -> None:
    assert errors_of(data) == [(1, "header", "", "is missing: the file is empty")]


def test_bytes_that_are_not_utf_8_are_named_with_their_line() -> None:
    assert errors_of(f"{HEADER}\nhome,bid,1,1\n".encode() + "Müller,ask,1,1\nroof,\xdf,1,1\n".encode("latin-1")) == [
        (3, "account", "M\udcfcller", "is not UTF-8"),
        (4, "side", "\udcdf", "is neither bid nor ask"),
    ]


def test_utf_16_is_named_as_such() -> None:
    assert errors_of(f"{HEADER}\n".encode("utf-16")) == [(1, "file", "", "is UTF-16 text")]


def test_lines_are_counted_over_quoted_line_breaks() -> None:
    errors = errors_of_rows('"two\nlines",bid,1,1', "home,bid,0,1")
    assert [error[:2] for error in errors] == [(2, "account"), (4, "energy_wh")]


def test_all_faults_of_a_file_are_reported_at_once_and_in_order() -> None:
    errors = errors_of_rows("x,buy,0,1.5", '"q"z,bid,1,1', "a,bid,1,-4", "x,ask,5", f"a,bid,{MAX},2", "ok,bid,1,1")
    assert [error[:2] for error in errors] == [
        (2, "side"),
        (2, "energy_wh"),
        (2, "limit_price_neur_per_wh"),
        (3, "line"),
        (4, "limit_price_neur_per_wh"),
        (5, "line"),
        (6, "account"),
        (6, "energy_wh * limit_price_neur_per_wh"),
    ]


def test_every_fault_comes_with_a_way_out() -> None:
    data = f'{HEADER}\nx,buy,0,1.5\n"q"z,bid,1,1\na,bid,{MAX},2\nx,ask,5\n'.encode()
    assert all(error.way_out for error in parse_orders(data).errors)


def test_a_file_that_cannot_be_read_is_an_error_with_its_reason(tmp_path: Path) -> None:
    for source, reason in [
        (tmp_path / "none.csv", "cannot be read (No such file or directory)"),
        (tmp_path, "cannot be read (Is a directory)"),
        (tmp_path / ("x" * 300), "cannot be read (File name too long)"),
        ("nul\0.csv", "cannot be read (embedded null byte)"),
    ]:
        (error,) = read_orders(str(source)).errors
        assert error[:4] == (None, "file", str(source), reason)


def test_an_error_shows_neither_control_characters_nor_endless_values() -> None:
    error = InputError(7, "account", "\x1b[31m" + "x" * 10_000, "has characters that cannot be printed", "remove them")
    text = error.as_text("orders.csv")
    assert text.startswith("orders.csv:7: account '\\x1b[31mxxx")
    assert text.isprintable()
    assert len(text) < 200
