"""Snapshots, state sync, pruning, backup and restore."""
