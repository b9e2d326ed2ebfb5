"""Which phase each switched home takes in a slot (thesis 5), and which homes get a switch."""
