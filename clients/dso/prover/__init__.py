"""From measured flows to proofs on chain: signed, submitted, followed until they are in."""
