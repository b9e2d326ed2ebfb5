"""Meter collection: readings come over MQTT, are checked and stored, and give each slot's net flow."""
