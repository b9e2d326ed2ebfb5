"""What a home does in real-time control: its exact best response to the DSO's signal (thesis, section 6.5.1)."""
