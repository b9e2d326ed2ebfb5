"""The deterministic state machine: no sockets, no clock, no threads, no floats, no randomness."""
