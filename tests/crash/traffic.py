"""Transfers sent until they are in a block, the same signed bytes each time, and what the chain says of them."""

from __future__ import annotations

import base64
import random
import time
from collections import defaultdict
from typing import Any, NamedTuple

from tests.app import world
from tests.app.keyring import address, sign_with
from tests.crash.node import Node, Refused
from wire.codec import decode, encode
from wire.ledger import GetBalanceRequest, GetBalanceResponse, Transfer, account_holder
from wire.tx import TxBody, assemble, tx_hash

EXPIRY_SECONDS = 3500
MAX_OUTSTANDING = 24
SENT_AT_ONCE = 8


class Sent(NamedTuple):
    """A transfer as it was signed."""

    tx: bytes
    sender: str
    receiver: str
    amount_neur: int


class Traffic:
    """Sends to a node, reads its blocks, and at the end compares everything."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._nonces: dict[str, int] = dict.fromkeys(world.HOMES, 0)
        self._sent: dict[bytes, Sent] = {}
        self._outstanding: list[bytes] = []
        self._heights: defaultdict[bytes, list[int]] = defaultdict(list)
        self._blocks: list[Any] = []

    @property
    def sent(self) -> int:
        """How many transfers there were."""
        return len(self._sent)

    @property
    def height(self) -> int:
        """Of the last block that was read."""
        return len(self._blocks)

    @property
    def outstanding(self) -> int:
        """How many transfers were in no block yet."""
        return len(self._outstanding)

    def pump(self, node: Node, *, new: bool = True) -> None:
        """Send again what is in no block yet, and something new. Raises: Gone when the node does not answer."""
        while new and len(self._outstanding) < MAX_OUTSTANDING:
            self._outstanding.append(self._sign())
        for name in self._outstanding[:SENT_AT_ONCE]:
            try:
                node.rpc("broadcast_tx_sync", tx=base64.b64encode(self._sent[name].tx).decode())
            except Refused as error:
                # It waits in the mempool already.
                if "already exists in cache" not in str(error):
                    raise
        self._outstanding = self._outstanding[SENT_AT_ONCE:] + self._outstanding[:SENT_AT_ONCE]
        self.read(node)

    def read(self, node: Node) -> None:
        """Read the blocks that are new. Raises: Gone."""
        last = node.height()
        while len(self._blocks) < last:
            block = node.rpc("block", height=str(len(self._blocks) + 1))["block"]
            self._blocks.append(block)
            for tx in _txs(block):
                self._heights[tx_hash(tx)].append(len(self._blocks))
        self._outstanding = [name for name in self._outstanding if name not in self._heights]

    def _sign(self) -> bytes:
        sender, receiver = self._chance.sample(world.HOMES, 2)
        self._nonces[sender] += 1
        amount_neur = self._chance.randrange(1, 1000)
        expires_s = int(time.time()) + EXPIRY_SECONDS
        body = TxBody(
            world.CHAIN_ID, address(sender), self._nonces[sender], expires_s, Transfer(address(receiver), amount_neur)
        )
        tx = assemble(body, lambda data: sign_with(sender, data))
        self._sent[tx_hash(tx)] = Sent(tx, sender, receiver, amount_neur)
        return tx_hash(tx)

    # What must be true at the end

    def check_chain(self, node: Node) -> None:
        """Every transfer is in one block and has happened once. The node must run.

        Raises: ValueError when it is not so.
        """
        self.read(node)
        # A block can be read before it is executed; when the next is there, it has been.
        node.wait(lambda: node.height() > self.height, "the last block was executed")
        for number, before in enumerate(self._blocks, start=1):
            if node.rpc("block", height=str(number))["block"] != before:
                raise ValueError(f"block {number} has changed")
        wrong = {name.hex(): self._heights[name] for name in self._sent if len(self._heights[name]) != 1}
        if wrong:
            raise ValueError(f"transactions not in one block each: {wrong}")
        if unknown := set(self._heights) - set(self._sent):
            raise ValueError(f"blocks hold what nobody sent: {unknown}")
        for home, expected_neur in self._balances().items():
            request = encode(GetBalanceRequest(account_holder(address(home))))
            value = node.rpc("abci_query", path="/ledger/GetBalance", data=request.hex())["response"]["value"]
            balance = decode(GetBalanceResponse, base64.b64decode(value)).balance
            if balance is None or balance.free_neur != expected_neur:
                raise ValueError(f"{home} has {balance}, expected {expected_neur} nEUR")

    def _balances(self) -> dict[str, int]:
        balances = dict.fromkeys(world.HOMES, 100 * world.EUR)
        for sent in self._sent.values():
            balances[sent.sender] -= sent.amount_neur
            balances[sent.receiver] += sent.amount_neur
        return balances


def _txs(block: Any) -> list[bytes]:
    return [base64.b64decode(tx) for tx in block["data"]["txs"] or ()]
