"""Around the state machine: ABCI server, disk store, CometBFT processes, localnet, gateway, command line."""
