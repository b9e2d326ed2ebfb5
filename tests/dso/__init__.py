"""Tests of the DSO's services, with real processes, a real broker and real files."""
