"""The controller of phase switches: brings the chain's orders to the devices, and their confirmations to the chain."""
