"""A light client: from a trusted header to any later one, over as few in between as the validators' changes need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from wire.light.block import LightBlock
from wire.light.hashing import header_hash
from wire.light.verify import Anchor, Signer, Trust, anchor_of, check_consistent, check_trust, verify, verify_commit
from wire.unverified import Reason, Unverified

# Between a header and the furthest that the trusted validators can't vouch for, 9/16 of the way is tried next.
_STEP = (9, 16)
_REMEMBERED_BLOCKS = 256


class BlockUnavailable(Exception):
    """A provider can't give a light block now: nothing is known to be wrong with it."""


class Provider(Protocol):
    """Where light blocks come from. It is not trusted with anything."""

    async def light_block(self, height: int) -> LightBlock:
        """The light block of a height. Raises: BlockUnavailable, or Unverified MALFORMED for what is none."""


class Verified(NamedTuple):
    """A verified block, who signed it, and the blocks that lead to it from a trusted one, both included."""

    block: LightBlock
    signers: tuple[Signer, ...]
    trail: tuple[LightBlock, ...]


class Conflict(Unverified):
    """Two verified headers of one height: more than a third of the power that was trusted signed both."""

    def __init__(self, first: LightBlock, second: LightBlock) -> None:
        hashes = f"{header_hash(first.header).hex()} and {header_hash(second.header).hex()}"
        text = (
            f"height {first.height} has two signed headers, {hashes}: validators have signed twice; "
            "trust no gateway of this chain until its operators have explained it"
        )
        super().__init__(Reason.CONFLICTING_HEADERS, text)
        self.first = first
        self.second = second


class LightClient:
    """Verifies headers of one chain.

    It starts from an anchor: a genesis document's validators, or a header of a height and hash that are known to be
    right. Blocks that it has verified are trusted from then on, so a later client may start from the ``newest``.
    Every answer of the primary is compared with the witnesses'; at least one must agree when there are any.
    """

    def __init__(
        self,
        primary: Provider,
        anchor: Anchor,
        now_ns: Callable[[], int],
        *,
        trust: Trust | None = None,
        witnesses: Sequence[Provider] = (),
    ) -> None:
        """``now_ns`` is this machine's clock. Raises: ValueError for settings that make no sense."""
        self._trust = trust or Trust()
        check_trust(self._trust)
        self.primary = primary
        self.now_ns = now_ns
        self._witnesses = tuple(witnesses)
        self._first = anchor
        self._verified: dict[int, Verified] = {}

    @property
    def chain_id(self) -> str:
        """The chain whose headers are verified."""
        return self._first.chain_id

    @property
    def newest(self) -> Verified | None:
        """The highest verified block; None before the first."""
        return self._verified[max(self._verified)] if self._verified else None

    async def block_at(self, height: int) -> Verified:
        """The verified block of a height.

        Raises:
            Unverified: with the reason; CONFLICTING_HEADERS is a `Conflict`.
            BlockUnavailable: the primary can't give a block that is needed.
        """
        known = self._verified.get(height)
        if known is not None:
            return known
        now_ns = self.now_ns()
        found = await self._reach(self.primary, height, now_ns)
        await self._compare(found.block, now_ns)
        self._remember(found)
        return found

    async def _reach(self, provider: Provider, height: int, now_ns: int) -> Verified:
        """Verify a provider's block of a height from the nearest trusted one below."""
        anchor, below = self._nearest(height)
        target = await self._ask(provider, height)
        if anchor.height == height:
            return self._as_anchor(anchor, target)
        trail: list[LightBlock] = [below.block] if below is not None else []
        # Blocks still to be verified, the nearest last.
        pending = [target]
        while True:
            block = pending[-1]
            try:
                signers = verify(anchor, block, self._trust, now_ns)
            except Unverified as refusal:
                if refusal.reason is not Reason.NOT_ENOUGH_TRUST:
                    raise
                numerator, denominator = _STEP
                middle = anchor.height + max(1, (block.height - anchor.height) * numerator // denominator)
                pending.append(await self._ask(provider, middle))
                continue
            trail.append(pending.pop())
            anchor = anchor_of(block)
            if not pending:
                return Verified(block, signers, tuple(trail))

    def _nearest(self, height: int) -> tuple[Anchor, Verified | None]:
        """The highest trusted header at or below a height. Raises: Unverified BEFORE_TRUST."""
        lower = [known for known in self._verified if known < height]
        if lower:
            below = self._verified[max(lower)]
            return anchor_of(below.block), below
        if height < self._first.height:
            text = f"height {height} is before the trusted one, {self._first.height}: begin from an older one"
            raise Unverified(Reason.BEFORE_TRUST, text)
        return self._first, None

    def _as_anchor(self, anchor: Anchor, block: LightBlock) -> Verified:
        """The block that the anchor is a hash of."""
        if check_consistent(block, anchor.chain_id) != anchor.hash:
            text = f"height {anchor.height} has the hash {header_hash(block.header).hex()}, not {anchor.hash.hex()}"
            raise Unverified(Reason.TRUST_MISMATCH, text)
        return Verified(block, verify_commit(block), (block,))

    async def _compare(self, block: LightBlock, now_ns: int) -> None:
        """See that a witness has the same header. Raises: Conflict, Unverified NO_WITNESS."""
        if not self._witnesses:
            return
        digest, agreed = header_hash(block.header), False
        problems: list[str] = []
        for witness in self._witnesses:
            try:
                other = await self._ask(witness, block.height)
                if header_hash(other.header) == digest:
                    agreed = True
                    continue
                # Another header alone says nothing: anybody can make one up. One that verifies says all.
                other = (await self._reach(witness, block.height, now_ns)).block
            except (BlockUnavailable, Unverified) as error:
                problems.append(str(error))
                continue
            raise Conflict(block, other)
        if not agreed:
            text = f"no witness confirms the header of height {block.height}: {'; '.join(problems)}"
            raise Unverified(Reason.NO_WITNESS, text)

    async def _ask(self, provider: Provider, height: int) -> LightBlock:
        block = await provider.light_block(height)
        if block.height != height:
            raise Unverified(Reason.WRONG_HEIGHT, f"asked for height {height}, got {block.height}")
        return block

    def _remember(self, found: Verified) -> None:
        self._verified[found.block.height] = found
        if len(self._verified) > _REMEMBERED_BLOCKS:
            del self._verified[min(self._verified)]


async def anchor_at(provider: Provider, chain_id: str, height: int, digest: bytes) -> Anchor:
    """The anchor of a height and header hash that the user knows to be right.

    Raises: Unverified TRUST_MISMATCH when the provider's header is another one; BlockUnavailable.
    """
    block = await provider.light_block(height)
    found = check_consistent(block, chain_id)
    if (block.height, found) != (height, digest):
        text = f"the header at {block.height} has the hash {found.hex()}; trusted is {digest.hex()} at {height}"
        raise Unverified(Reason.TRUST_MISMATCH, text)
    return anchor_of(block)
