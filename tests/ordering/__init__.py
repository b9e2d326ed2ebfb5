"""The DSO's orders on the chain: phases of switched homes."""
