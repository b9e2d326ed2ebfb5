"""The ABCI server: alone, against `abci-cli`, and under real CometBFT nodes."""
