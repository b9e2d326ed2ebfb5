"""Module accounts: who takes part, with which key and roles."""
