"""Executing a recorded chain anew, in a fresh application, and comparing what comes of it."""
