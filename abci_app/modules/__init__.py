"""Modules: one capability each, all with the same rooms (keys, store, handlers, queries, api, …)."""
