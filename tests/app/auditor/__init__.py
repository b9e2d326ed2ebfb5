"""A second account of what the chain must do, written from MODEL sections 3 to 6; it shares no code with handlers."""
