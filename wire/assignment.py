"""Which point of common coupling a home is on in a session of control, as the DSO tells it alone (ADR 28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from wire.merkle import Proof, ProofError, entry_hash, map_root, proof_of, root_by
from wire.mqtt import Count, Message, Name

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_MOST_AUNTS = 64


class Assignment(Message):
    """A home's entry of a session's assignment, with its path to the root that stands on the chain.

    ``salt`` is random and the home's alone: without it nobody can try which entry a hash stands for.
    """

    name: ClassVar[str] = "assignment"
    root: Hex
    pcc: Name
    salt: Hex
    total: Count
    position: Count
    aunts: Annotated[tuple[Hex, ...], Field(max_length=_MOST_AUNTS)]

    def proves(self, account: bytes) -> bool:
        """Whether the root binds the DSO to this account being on this PCC."""
        leaf = entry_hash(account, _entry(self.pcc, bytes.fromhex(self.salt)))
        aunts = tuple(bytes.fromhex(aunt) for aunt in self.aunts)
        try:
            return root_by(Proof(self.total, self.position, leaf, aunts)).hex() == self.root
        except ProofError:
            return False


def assignment_root(entries: Mapping[bytes, tuple[str, bytes]]) -> bytes:
    """What binds a DSO to which home (address) is on which PCC: the root of a Merkle map of PCC and salt (32 bytes).

    A home that is given its own entry with a Merkle proof sees that the DSO holds to it. The salt, random and known to
    the home alone, keeps others from guessing the entry.
    """
    return map_root([(account, _entry(pcc, salt)) for account, (pcc, salt) in sorted(entries.items())])


def assignments(entries: Mapping[bytes, tuple[str, bytes]]) -> dict[bytes, Assignment]:
    """Every home's own entry, by address, as it is to be told it."""
    accounts = sorted(entries)
    leaves = [entry_hash(account, _entry(*entries[account])) for account in accounts]
    root = assignment_root(entries).hex()
    told = {}
    for position, account in enumerate(accounts):
        pcc, salt = entries[account]
        proof = proof_of(leaves, position)
        aunts = tuple(aunt.hex() for aunt in proof.aunts)
        told[account] = Assignment(
            root=root, pcc=pcc, salt=salt.hex(), total=proof.total, position=position, aunts=aunts
        )
    return told


def _entry(pcc: str, salt: bytes) -> bytes:
    return "/".join((pcc, salt.hex())).encode()
