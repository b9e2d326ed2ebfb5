"""Module asset: registered devices and the availability that backs asks."""
