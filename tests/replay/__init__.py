"""A real chain, executed anew from what its node has recorded."""
