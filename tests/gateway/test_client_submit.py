"""The client library's promise: what is submitted happens exactly once, or is said not to happen."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from clients.common.chain import Chain
from clients.common.errors import ChainError, Expired, Refused, StateError, WrongChain
from clients.common.submit import is_final
from clients.common.wallet import Wallet
from tests.gateway.chain_host import ACCOUNTS, BALANCE_NEUR, CHAIN_ID, DEADLINE_SECONDS, ChainHost, wallet
from tests.gateway.relay import Relay
from tests.gateway.serving import GatewayProcess, eventually, gateway
from tests.gateway.txs import SINK
from wire import accounts, keystore, ledger
from wire.results import Code

pytestmark = pytest.mark.network

ONE = ledger.Transfer(SINK.address, 1)


async def free_neur(chain: Chain, address: bytes) -> int:
    answer = await chain.query(ledger.GetBalanceRequest(ledger.account_holder(address)))
    return int(answer.balance.free_neur)


async def test_a_receipt_names_the_block(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), await Chain.open(address, chain_id=CHAIN_ID) as one:
        sender = chain.wallet()
        receipt = await one.submit(sender, ONE)
        second = await one.submit(sender, ONE)
        assert second.height >= receipt.height > 0
        assert await free_neur(one, sender.address) == BALANCE_NEUR - 2


async def test_a_refusal_is_an_error_with_code_and_message(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        with pytest.raises(Refused, match="INSUFFICIENT_FUNDS: amount_neur") as caught:
            await one.submit(chain.wallet(), ledger.Transfer(SINK.address, BALANCE_NEUR + 1))
        assert caught.value.code is Code.INSUFFICIENT_FUNDS
        assert caught.value.height > 0
        with pytest.raises(Refused) as caught:
            await one.submit(wallet(ACCOUNTS + 7), ONE)
        assert (caught.value.code, caught.value.height) == (Code.UNKNOWN_SENDER, 0)


async def test_an_expired_transaction_is_said_to_be(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        with pytest.raises(Expired, match="expires_s"):
            await one.submit(chain.wallet(), ONE, expires_in_s=-30)


async def test_the_same_key_sends_nothing_twice_at_once_later_or_in_another_process(
    chain: ChainHost, short_dir: Path
) -> None:
    sender, state = chain.wallet(), short_dir / "state.db"
    async with gateway(chain.url) as (_, address):
        async with await Chain.open(address, state=state) as one:
            receipts = await asyncio.gather(*(one.submit(sender, ONE, key="rent") for _ in range(5)))
            receipts.append(await one.submit(sender, ONE, key="rent"))
            with pytest.raises(Refused):
                await one.submit(sender, ledger.Transfer(SINK.address, BALANCE_NEUR + 1), key="too much")
        async with await Chain.open(address, state=state) as one:
            receipts.append(await one.submit(sender, ONE, key="rent"))
            # A refusal is remembered as well: whoever wants another try takes another key.
            with pytest.raises(Refused, match="INSUFFICIENT_FUNDS"):
                await one.submit(sender, ONE, key="too much")
            assert await free_neur(one, sender.address) == BALANCE_NEUR - 1
        assert len(set(receipts)) == 1


async def test_more_than_a_quota_and_a_window_of_transactions_all_get_through(chain: ChainHost) -> None:
    # 150 at once: more than a household's 64 a block, and more than the 128 nonces of the window.
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        sender = chain.wallet()
        receipts = await asyncio.gather(*(one.submit(sender, ONE) for _ in range(150)))
        assert len({receipt.tx_hash for receipt in receipts}) == 150
        assert await free_neur(one, sender.address) == BALANCE_NEUR - 150


async def test_a_client_killed_at_any_moment_pays_each_bill_once(chain: ChainHost, short_dir: Path) -> None:
    process = GatewayProcess(short_dir, chain.url)
    await process.start()
    sender, count = next_seed(chain), 60
    command = [sys.executable, "-m", "tests.gateway.crashing_client", process.target, str(short_dir / "state.db")]
    command += [str(sender), str(count)]
    try:
        for lines_before_kill in (1, 25):
            with subprocess.Popen(command, stdout=subprocess.PIPE) as victim:
                try:
                    await asyncio.to_thread(read_lines, victim, lines_before_kill)
                finally:
                    victim.kill()
        finished = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, timeout=DEADLINE_SECONDS, check=True
        )
        paid = [line.split() for line in finished.stdout.decode().splitlines()]
        assert sorted(int(amount) for amount, _ in paid) == list(range(1, count + 1))
        assert len({hash_ for _, hash_ in paid}) == count
        async with await Chain.open(process.target) as one:
            spent = BALANCE_NEUR - await free_neur(one, wallet(sender).address)
        assert spent == sum(range(1, count + 1))
    finally:
        process.kill()


def next_seed(chain: ChainHost) -> int:
    """The number of a fresh wallet, for a process that makes it itself."""
    fresh = chain.wallet().address
    return next(number for number in range(ACCOUNTS) if wallet(number).address == fresh)


def read_lines(process: subprocess.Popen[bytes], count: int) -> None:
    if process.stdout is None:
        raise RuntimeError("the process has no output")
    for _ in range(count):
        if not process.stdout.readline():
            raise RuntimeError("the client ended by itself")


async def test_cancelling_a_call_does_not_take_the_transaction_back(chain: ChainHost) -> None:
    sender = chain.wallet()
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        await one.submit(sender, ONE)
        call = asyncio.create_task(one.submit(sender, ONE, key="kept"))

        async def known() -> bool:
            return one.under_way == 1

        await eventually(known, "the transaction is under way")
        call.cancel()

        async def paid() -> bool:
            return await free_neur(one, sender.address) == BALANCE_NEUR - 2

        await eventually(paid, "the transaction was executed nevertheless")


async def test_what_was_under_way_at_the_end_is_finished_by_the_next_process(chain: ChainHost, short_dir: Path) -> None:
    sender, state = chain.wallet(), short_dir / "state.db"
    async with Relay(chain.url) as relay, gateway(relay.url) as (_, address):
        async with await Chain.open(address, state=state) as one:
            await one.submit(sender, ONE)
            relay.refuse(True)
            relay.cut()
            calls = [asyncio.create_task(one.submit(sender, ONE)) for _ in range(3)]

            async def kept() -> bool:
                return one.under_way == 3

            await eventually(kept, "all are under way")
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        relay.refuse(False)
        async with await Chain.open(address, state=state) as one:

            async def paid() -> bool:
                return await free_neur(one, sender.address) == BALANCE_NEUR - 4

            await eventually(paid, "the three were executed by the next process")
            await one.submit(sender, ONE)
            assert await free_neur(one, sender.address) == BALANCE_NEUR - 5


async def test_a_state_file_serves_one_process_and_one_chain(chain: ChainHost, short_dir: Path) -> None:
    state = short_dir / "state.db"
    async with gateway(chain.url) as (_, address):
        async with await Chain.open(address, state=state):
            with pytest.raises(StateError, match="another process uses it"):
                await Chain.open(address, state=state)
        (short_dir / "note.db").write_text("hello, this is no database, but long enough to be taken for one" * 20)
        with pytest.raises(StateError, match="cannot be used"):
            await Chain.open(address, state=short_dir / "note.db")
        with pytest.raises(WrongChain, match="not 'other'"):
            await Chain.open(address, chain_id="other")


async def test_a_key_file_signs_for_its_account(chain: ChainHost, short_dir: Path) -> None:
    seed = next_seed(chain)
    cheap = keystore.Kdf(iterations=1, lanes=1, memory_kib=8)
    keystore.create(short_dir / "key.json", "secret", seed=seed.to_bytes(32, "big"), kdf=cheap)
    sender = Wallet.from_key_file(short_dir / "key.json", "secret")
    assert repr(sender) == f"Wallet({sender.address.hex()})"
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        assert (await one.submit(sender, ONE)).height > 0


async def test_queries_are_typed_paged_and_their_errors_named(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        answer = await one.query(accounts.GetAccountRequest(SINK.address))
        assert isinstance(answer, accounts.GetAccountResponse)
        found = [
            account.address
            async for page in one.pages(accounts.ListAccountsRequest(limit=50))
            for account in page.accounts
        ]
        assert found == sorted(wallet(number).address for number in range(ACCOUNTS))
        with pytest.raises(ChainError, match=r"wire\.ledger\.Transfer is no query"):
            await one.query(ONE)


@pytest.mark.parametrize(
    ("code", "uncertain", "final"),
    [
        (Code.BAD_SIGNATURE, False, True),
        (Code.QUOTA_EXCEEDED, False, False),
        (Code.UNKNOWN_SENDER, True, False),
        (Code.BAD_SIGNATURE, True, False),
        (Code.EXPIRED, True, True),
        (Code.NONCE_USED, True, True),
        (Code.NONCE_TOO_OLD, True, True),
    ],
)
def test_a_refusal_is_final_only_if_no_copy_can_still_be_executed(code: Code, uncertain: bool, final: bool) -> None:
    assert is_final(code, uncertain) is final
