"""A whole session of real-time control in one process, without a chain: ``vdg rtc solve``."""
