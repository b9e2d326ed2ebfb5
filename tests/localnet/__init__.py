"""Validators on this machine: supervision, the library and the command."""
