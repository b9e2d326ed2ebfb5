"""A light client: which headers of a chain to believe, from a few signatures and no blocks. It opens no connection."""
