"""What there is in all, for people who compare it with a bank statement or a meter."""

from __future__ import annotations

from node.audit.books import Books
from node.audit.money import balance
from wire.ledger import ISSUANCE


def totals(books: Books) -> dict[str, int]:
    """Sums over the books: money in nano-euro, energy in Wh."""
    held = [record for holder, record in books.balances.of() if holder != ISSUANCE]
    certificates = [certificate for _, certificate in books.certificates.of()]
    return {
        "minted_neur": -balance(books, ISSUANCE).free_neur,
        "held_neur": sum(record.free_neur + record.escrow_neur for record in held),
        "escrow_neur": sum(record.escrow_neur for record in held),
        "owed_neur": sum(debt.amount_neur for _, debt in books.debt_totals.of()),
        "certified_wh": sum(certificate.energy_wh for certificate in certificates),
        "retired_wh": sum(certificate.retired_wh for certificate in certificates),
    }
