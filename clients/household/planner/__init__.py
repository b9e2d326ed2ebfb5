"""Optimal plans for a home: the linear programs (4.4) to (4.6) and what goes beyond them. No clock, no network."""
