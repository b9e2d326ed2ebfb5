"""Module ledger: money, escrow and debts, double entry."""
