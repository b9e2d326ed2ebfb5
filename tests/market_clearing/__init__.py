"""The auction and its command: MODEL section 5."""
