"""A real CometBFT node on our server: it commits, restarts, replays, and stops when the application does."""

from __future__ import annotations

import base64
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.abci.binaries import VERSIONS, real_cometbft
from tests.abci.chain import Chain
from tests.abci.daemon import wait_until
from tests.abci.host import short_dir

pytestmark = real_cometbft


@pytest.fixture(params=VERSIONS)
def chain(request: pytest.FixtureRequest) -> Iterator[Chain]:
    with short_dir() as folder:
        yield Chain(folder, request.param)


def test_transactions_are_committed_queried_and_hashed_and_both_sides_end_cleanly(chain: Chain) -> None:
    with chain.app() as app, chain.running_node() as node:
        heights = [chain.commit_tx(f"key{index}=value{index}") for index in range(3)]
        assert heights == sorted(set(heights))
        assert [chain.value(f"key{index}") for index in range(4)] == ["value0", "value1", "value2", ""]
        refused = chain.call("broadcast_tx_sync", tx=base64.b64encode(b"no pair").decode())
        assert refused["code"] == 1
        events = chain.call("block_results", height=str(heights[2]))["finalize_block_events"]
        assert [(event["type"], event["attributes"][0]["value"]) for event in events] == [("set", "3")]
        assert app.log.count(" opened") == 4, "query, snapshot, mempool and consensus have a connection each"
        height, app_hash = chain.app_state()
        assert height >= heights[2]
        assert chain.header_app_hash(height) == app_hash
        node.send(signal.SIGTERM)
        assert node.exit_code() == 0
        assert app.running
        app.send(signal.SIGTERM)
        assert app.exit_code() == 0
        assert "Traceback" not in app.log


@pytest.mark.parametrize("kept", [True, False], ids=["from an older height", "from genesis"])
def test_after_a_restart_of_both_the_blocks_since_info_are_replayed_to_the_same_hash(chain: Chain, kept: bool) -> None:
    older = chain.folder / "older.json"
    with chain.app(), chain.running_node() as node:
        chain.commit_tx("a=1")
        shutil.copy(chain.state, older)
        last = [chain.commit_tx(f"a={index}") for index in range(2, 5)][-1]
        expected = chain.header_app_hash(last)
        node.send(signal.SIGTERM)
        node.exit_code()
    if kept:
        shutil.copy(older, chain.state)
    else:
        chain.state.unlink()
    with chain.app(), chain.running_node():
        assert chain.app_state()[0] >= last
        assert chain.header_app_hash(last) == expected
        assert chain.value("a") == "4"
        chain.commit_tx("b=after the replay")
        assert chain.value("b") == "after the replay"


def test_an_application_that_forgot_what_it_executed_is_found_out_by_the_replay(chain: Chain) -> None:
    with chain.app(), chain.running_node() as node:
        chain.header_app_hash(chain.commit_tx("a=1"))
        node.send(signal.SIGTERM)
        node.exit_code()
    chain.state.write_text(chain.state.read_text().replace('"1"', '"2"'))
    with chain.app(), chain.node() as node:
        assert node.exit_code() != 0
        assert "AppHash does not match" in node.log


def test_an_application_killed_hard_takes_its_node_with_it_and_both_come_back(chain: Chain) -> None:
    with chain.app() as app, chain.running_node() as node:
        chain.commit_tx("a=1")
        app.send(signal.SIGKILL)
        node.end_orphaned_node()
        assert "EOF" in node.log
    # The dead application's socket still lies there.
    with chain.app(), chain.running_node():
        assert chain.value("a") == "1"
        chain.commit_tx("b=2")


def test_a_node_killed_hard_leaves_the_application_serving_the_next(chain: Chain) -> None:
    with chain.app() as app:
        with chain.running_node() as node:
            chain.commit_tx("a=1")
            node.send(signal.SIGKILL)
            node.exit_code()
        with chain.running_node():
            assert chain.value("a") == "1"
            chain.commit_tx("b=2")
        assert app.running


def test_an_exception_in_finalize_block_stops_both_loudly_and_the_block_is_executed_after_the_repair(
    chain: Chain,
) -> None:
    with chain.app("--fail-on", "a=1") as app, chain.running_node() as node:
        # The node may be gone before it has told that the transaction is in its mempool.
        with suppress(ConnectionError):
            chain.call("broadcast_tx_sync", tx=base64.b64encode(b"a=1").decode())
        assert app.exit_code() == 1
        node.end_orphaned_node()
        assert "ArithmeticError: the example was told to fail here" in app.log
        assert "Traceback (most recent call last)" in app.log
        assert "the application failed in finalize_block()" in node.log
    assert '"a"' not in (chain.state.read_text() if chain.state.exists() else "")
    with chain.app(), chain.running_node():
        wait_until(lambda: chain.value("a") == "1", "the decided block was executed")
