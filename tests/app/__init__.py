"""Tests of the state machine, over the application as plain calls and a store in memory."""
