"""Forecasts of load and sun, and how well they were."""
