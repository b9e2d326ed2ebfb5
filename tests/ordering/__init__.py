"""The DSO's orders on the chain: phases of switched homes, sessions of real-time control."""
