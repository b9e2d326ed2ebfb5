"""The thesis's experiments and ours, from the same code as the daemons use."""
