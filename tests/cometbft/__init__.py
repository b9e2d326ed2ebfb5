"""CometBFT homes, settings and the JSON-RPC client, against real nodes."""
