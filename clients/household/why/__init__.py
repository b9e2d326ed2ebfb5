"""Why a home traded in a slot, or did not."""
