"""The validator's disk store."""

from node.store.level import LevelStore, StoreUnavailable

__all__ = ["LevelStore", "StoreUnavailable"]
