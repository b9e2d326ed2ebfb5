"""The auditor: it agrees with the state machine, and names what is forged."""
