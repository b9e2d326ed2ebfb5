"""Proofs of values, and the receipts made of them."""
