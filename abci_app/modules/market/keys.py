"""Where products, orders, books, contracts and positions are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.market import Book
from wire.state_keys import book_key, contract_key

__all__ = [
    "BOOKS",
    "CONTRACTS",
    "MAX_ENERGY_WH",
    "MAX_PRICE_NEUR_PER_WH",
    "OPEN_BOOKS",
    "ORDERS",
    "POSITIONS",
    "PRODUCTS",
    "book_key",
    "contract_key",
    "parse_book_key",
]

# Bounds of a product's limits, at genesis and ever after; their product fits signed 64 bits.
MAX_ENERGY_WH = 10**9
MAX_PRICE_NEUR_PER_WH = 10**9

# p<product>
PRODUCTS = Collection(*state_keys.PRODUCTS)
# o<vdg>/<product>/<slot, 8 bytes><address>: the orders of open books
ORDERS = Collection(*state_keys.ORDERS)
# q<vdg>/<product>/<slot, 8 bytes>: books that are open and have or had an order
OPEN_BOOKS = Collection("market", b"q", Book)
# b<vdg>/<product>/<slot, 8 bytes>: cleared books
BOOKS = Collection(*state_keys.BOOKS)
# c<vdg>/<slot, 8 bytes><product>/<number, 4 bytes>: contracts that wait for settlement
CONTRACTS = Collection(*state_keys.CONTRACTS)
# x<vdg>/<slot, 8 bytes><address>
POSITIONS = Collection(*state_keys.POSITIONS)


def parse_book_key(key: bytes) -> tuple[str, str, int]:
    """VDG, product and slot of a book's key."""
    vdg, product = key[:-9].decode().split("/")
    return vdg, product, int.from_bytes(key[-8:], "big")
