"""State: typed collections over overlays over a store, and the Merkle tree of the app hash."""
