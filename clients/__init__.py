"""Daemons for households and the DSO. They import wire, never abci_app."""
