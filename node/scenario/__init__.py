"""Scenario files: genesis settings, then blocks of transactions, run by the real application in one process."""
