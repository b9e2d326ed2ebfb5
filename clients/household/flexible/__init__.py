"""Flexible loads: what cars, heat stores and appliances need, and when they get it (docs/devices.md)."""
