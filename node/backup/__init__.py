"""A node's data in one file, taken while it runs, and a home made of such a file."""
