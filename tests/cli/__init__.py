"""The `vdg` command and key files."""
