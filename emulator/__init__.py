"""The physical neighbourhood where there is no hardware: loads, PV, batteries, meters. It talks MQTT like devices.

``neighbourhood(homes, day)`` lists the homes and what stands in them; ``emulator.shadow.shadow_day`` says what a
home's meter would have shown without the market; ``python -m emulator`` runs them in real time.
"""

from __future__ import annotations

from emulator.homes import DEFAULT_DAY, Home, neighbourhood

__all__ = ["DEFAULT_DAY", "Home", "neighbourhood"]
