"""The gateway: a stateless gRPC server in front of CometBFT nodes (docs/gateway.md)."""
