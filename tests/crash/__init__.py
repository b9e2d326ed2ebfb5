"""Crashes, power cuts, full disks and damaged stores: what is killed must come back as if nothing had been."""
