"""Checks of the whole project; `make test` runs them all."""
