"""Snapshots of the state: taken in the background, served to joining nodes, restored chunk by verified chunk."""
