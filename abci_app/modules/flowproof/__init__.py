"""Module flowproof: what the DSO measured and signed."""
