"""A chain's past as a node has recorded it: blocks and results, over RPC or from the files of a stopped node."""
