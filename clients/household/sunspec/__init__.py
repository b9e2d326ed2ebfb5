"""Homes whose inverter is read and limited over SunSpec Modbus, and whose load follows from the meter."""
