"""Module control: what the DSO orders of homes beyond the market: phases, and flows within a slot."""
