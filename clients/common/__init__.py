"""The client library: transactions that happen once, streams without gaps, typed queries (docs/gateway.md)."""
