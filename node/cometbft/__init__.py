"""CometBFT as this project runs it: home folders, settings and the JSON-RPC client."""
