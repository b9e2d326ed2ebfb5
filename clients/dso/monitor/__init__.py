"""What the grid needs: whether flows must be controlled, how much each PCC may draw, and caps before the gate."""
