"""Module grid: virtual distribution grids: members, tariffs, rebates, caps, slots."""
