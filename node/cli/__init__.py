"""The `vdg` command line."""
