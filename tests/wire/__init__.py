"""Tests of what application and clients share."""
