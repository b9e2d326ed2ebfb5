"""The local energy market: products, order books, gates and their clearing (MODEL sections 4 and 5)."""
