"""The physical neighbourhood where there is no hardware: loads, PV, batteries, meters. Talks MQTT like real devices."""
