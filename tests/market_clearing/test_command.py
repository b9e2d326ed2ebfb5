"""``vdg market clear`` as its users meet it: files in, text or JSON out, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from node.market_clear.orders_csv import HEADER
from tests.market_clearing.market_clear import market_clear

BOOK = ["b1,bid,30,9", "b2,bid,20,8", "b3,bid,20,6", "a1,ask,20,1", "a2,ask,20,3", "a3,ask,40,5"]


def file_of(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    return path


def json_of(path: Path, *options: str) -> dict[str, Any]:
    done = market_clear(path, "--json", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def test_json_has_prices_volume_surplus_and_each_winner(tmp_path: Path) -> None:
    assert json_of(file_of(tmp_path, *BOOK)) == {
        "volume_wh": 40,
        "buy_price_neur_per_wh": 6,
        "sell_price_neur_per_wh": 5,
        "surplus_neur": 40,
        "fills": [
            {"account": "b1", "side": "bid", "energy_wh": 24, "payment_neur": 144},
            {"account": "b2", "side": "bid", "energy_wh": 16, "payment_neur": 96},
            {"account": "a1", "side": "ask", "energy_wh": 20, "payment_neur": 100},
            {"account": "a2", "side": "ask", "energy_wh": 20, "payment_neur": 100},
        ],
    }


@pytest.mark.parametrize("rows", [[], ["b1,bid,1,1"], ["b1,bid,9,9", "a1,ask,9,1"]])
def test_prices_are_null_when_nothing_trades(tmp_path: Path, rows: list[str]) -> None:
    assert json_of(file_of(tmp_path, *rows)) == {
        "volume_wh": 0,
        "buy_price_neur_per_wh": None,
        "sell_price_neur_per_wh": None,
        "surplus_neur": 0,
        "fills": [],
    }


def test_the_order_of_lines_changes_no_byte_of_the_output(tmp_path: Path) -> None:
    forwards = market_clear(file_of(tmp_path, *BOOK), "--json").stdout
    assert market_clear(file_of(tmp_path, *reversed(BOOK)), "--json").stdout == forwards


def test_the_seed_decides_ties_and_is_zero_by_default(tmp_path: Path) -> None:
    rows = [*(f"b{number},bid,1,5" for number in range(8)), "a1,ask,1,1", "a2,ask,1,1"]
    path = file_of(tmp_path, *rows)
    default = json_of(path)
    assert json_of(path, "--seed", "00" * 32) == default
    winners = {str(json_of(path, "--seed", f"{number:064X}")["fills"][0]) for number in range(4)}
    assert len(winners) > 1


def test_a_dash_reads_standard_input(tmp_path: Path) -> None:
    path = file_of(tmp_path, *BOOK)
    assert market_clear("-", "--json", stdin=path.read_bytes()).stdout == market_clear(path, "--json").stdout


def test_people_read_why_nothing_trades_and_names_are_never_markup(tmp_path: Path) -> None:
    assert b"no bid reaches an ask" in market_clear(file_of(tmp_path, "b,bid,1,1")).stdout
    done = market_clear(file_of(tmp_path, "[red]b[/nonsense],bid,9,9", "a,ask,9,1"))
    assert done.returncode == 0
    assert b"[red]b[/nonsense] and a would set the prices" in done.stdout


def test_people_see_the_first_fifty_fills_and_how_many_more_there_are(tmp_path: Path) -> None:
    rows = [f"b{number},bid,1,{100 - number % 2}" for number in range(61)] + ["a1,ask,60,1", "a2,ask,60,2"]
    assert b"... and 11 more; --json lists all of them." in market_clear(file_of(tmp_path, *rows)).stdout


def test_errors_go_to_standard_error_with_exit_code_2_and_nothing_is_cleared(tmp_path: Path) -> None:
    path = file_of(tmp_path, *BOOK, "b1,ask,0,x")
    done = market_clear(path)
    assert (done.returncode, done.stdout) == (2, b"")
    lines = done.stderr.decode().splitlines()
    assert [line.split(" ")[:3] for line in lines] == [
        [f"{path}:8:", "account", "'b1'"],
        [f"{path}:8:", "energy_wh", "'0'"],
        [f"{path}:8:", "limit_price_neur_per_wh", "'x'"],
    ]


def test_errors_are_listed_as_json_too(tmp_path: Path) -> None:
    done = market_clear(file_of(tmp_path, "b1,bid,0,1"), "--json")
    assert done.returncode == 2
    assert b"energy_wh '0' is not positive" in done.stderr
    assert json.loads(done.stdout) == {
        "errors": [
            {
                "line": 2,
                "field": "energy_wh",
                "value": "0",
                "reason": "is not positive",
                "way_out": "write a whole number from 1 to 9223372036854775807",
            }
        ]
    }


def test_bytes_that_are_not_utf_8_still_give_valid_json(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(f"{HEADER}\nMüller,bid,1,1\n".encode("latin-1"))
    done = market_clear(path, "--json")
    (error,) = json.loads(done.stdout)["errors"]
    assert (error["line"], error["reason"]) == (2, "is not UTF-8")


@pytest.mark.parametrize("seed", ["", "0", "xyz", "00 00", "0x"])
def test_a_seed_that_is_no_hexadecimal_is_reported_beside_the_errors_of_the_file(tmp_path: Path, seed: str) -> None:
    done = market_clear(file_of(tmp_path, "b1,bid,0,1"), "--json", "--seed", seed)
    assert done.returncode == 2
    assert [error["field"] for error in json.loads(done.stdout)["errors"]] == ["--seed", "energy_wh"]


def test_a_missing_file_and_a_directory_are_errors(tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "none.csv", b"No such file"), (tmp_path, b"Is a directory")]:
        done = market_clear(path)
        assert (done.returncode, done.stdout) == (2, b"")
        assert reason in done.stderr
        assert b"Traceback" not in done.stderr
