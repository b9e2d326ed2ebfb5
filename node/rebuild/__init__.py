"""Making a node's state anew when its store is damaged: from its own blocks, or from other nodes."""
