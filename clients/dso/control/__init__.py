"""The DSO's side of real-time control: from what it measures at each PCC to the next signal (thesis, section 6.5)."""
