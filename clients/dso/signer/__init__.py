"""The signing service: a process of its own that never signs two values for one (chain, vdg, slot, account)."""
