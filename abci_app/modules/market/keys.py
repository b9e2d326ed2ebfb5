"""Where products, orders, books, contracts and positions are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire.market import Book, Contract, Order, Position, Product

# Bounds of a product's limits, at genesis and ever after; their product fits signed 64 bits.
MAX_ENERGY_WH = 10**9
MAX_PRICE_NEUR_PER_WH = 10**9

# p<product>
PRODUCTS = Collection("market", b"p", Product)
# o<vdg>/<product>/<slot, 8 bytes><address>: the orders of open books
ORDERS = Collection("market", b"o", Order)
# q<vdg>/<product>/<slot, 8 bytes>: books that are open and have or had an order
OPEN_BOOKS = Collection("market", b"q", Book)
# b<vdg>/<product>/<slot, 8 bytes>: cleared books
BOOKS = Collection("market", b"b", Book)
# c<vdg>/<slot, 8 bytes><product>/<number, 4 bytes>: contracts that wait for settlement
CONTRACTS = Collection("market", b"c", Contract)
# x<vdg>/<slot, 8 bytes><address>
POSITIONS = Collection("market", b"x", Position)


def book_key(vdg: str, product: str, slot: int) -> bytes:
    """``<vdg>/<product>/<slot>``, e.g. ``lilas/intraday/`` 0000000000000091."""
    return vdg.encode() + b"/" + product.encode() + b"/" + slot.to_bytes(8, "big")


def parse_book_key(key: bytes) -> tuple[str, str, int]:
    """VDG, product and slot of a book's key."""
    vdg, product = key[:-9].decode().split("/")
    return vdg, product, int.from_bytes(key[-8:], "big")


def contract_key(slot_key: bytes, product: str, number: int) -> bytes:
    """``<slot key><product>/<number>``; in this order contracts are settled."""
    return slot_key + product.encode() + b"/" + number.to_bytes(4, "big")
