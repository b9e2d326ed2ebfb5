"""A second account of what the chain must do: money, markets, settlement and rewards from the transactions alone.

Written from MODEL sections 1 to 6 and the reference pages in ``docs/``. It shares messages and their encoding with the
state machine and not a line of its rules; import-linter holds that.
"""
