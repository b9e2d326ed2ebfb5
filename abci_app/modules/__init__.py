"""The state machine's modules, one noun each; they form a chain and meet only in the lower one's ``api``."""
