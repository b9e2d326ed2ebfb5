"""Governance: decisions, validators, upgrades."""
