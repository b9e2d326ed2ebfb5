"""The low-voltage grid: networks as data, their four-wire three-phase solution, metrics and limits (docs/grid.md).

A leaf: it imports nothing else of ours, because the emulator uses it as well as the DSO's services.
"""
