"""One moment of a low-voltage network, solved without a chain (docs/grid.md)."""
