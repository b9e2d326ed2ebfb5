"""Module governance: what the operators decide together, k of n (docs/governance.md)."""
