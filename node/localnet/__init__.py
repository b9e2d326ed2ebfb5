"""A network of real validators on this machine: pairs of application and CometBFT, supervised together."""
