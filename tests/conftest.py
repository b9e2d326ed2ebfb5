"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# Other work on the machine must not fail a property: how long things take is measured where it is the point.
settings.register_profile("vdg", deadline=None, print_blob=True)
settings.load_profile("vdg")
