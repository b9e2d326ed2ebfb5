"""An Ethernet switch in this process, between virtual ports: each way can be shut, lose frames, or take its time.

Frames, and not TCP's bytes: what is lost is sent again by the kernels' own TCP, as on a bad line. `tc netem` would do
the same, but not every kernel has it, while every kernel has TAP ports.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MTU_BYTES = 1500
FRAME_BYTES = 2048
# linux/if_tun.h
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
BROADCAST_BIT = 0x01
# What a port that cannot take a frame now loses; everything else is an error of ours.
BUSY = (errno.EAGAIN, errno.ENOBUFS, errno.EIO)


@dataclass(frozen=True)
class Way:
    """How frames fare from one port to another: which share gets lost, and how late the others are (s)."""

    lost: float = 0.0
    delay_seconds: float = 0.0


SHUT = Way(lost=1.0)


class Switch:
    """Ports are numbered from 0; port i has the hardware address `address_of(i)`."""

    def __init__(self, names: Sequence[str], seed: int = 1) -> None:
        """Make a TAP device of each name in this process's network namespace; it may be moved to another one.

        Raises:
            OSError: no privilege in this namespace, or no TAP devices in this kernel.
        """
        self._ports = [open_tap(name) for name in names]
        self._ways: Mapping[tuple[int, int], Way] = {}
        self._chance = random.Random(seed)
        self.forwarded = 0
        self.lost = 0

    def listen(self) -> None:
        """Begin to forward, once every port is up: one that is down cannot be read."""
        loop = asyncio.get_running_loop()
        for index, port in enumerate(self._ports):
            loop.add_reader(port, self._receive, index)

    def close(self) -> None:
        """Stop, and let the devices go; before the namespaces that they are in."""
        loop = asyncio.get_running_loop()
        for port in self._ports:
            loop.remove_reader(port)
            os.close(port)
        self._ports = []

    def set_ways(self, ways: Mapping[tuple[int, int], Way]) -> None:
        """How frames fare from port to port, by (from, to); well where nothing is said."""
        self._ways = ways

    def _receive(self, source: int) -> None:
        try:
            while True:
                self._forward(source, os.read(self._ports[source], FRAME_BYTES))
        except BlockingIOError:
            # That was all for now.
            return

    def _forward(self, source: int, frame: bytes) -> None:
        if frame[0] & BROADCAST_BIT:
            targets = [port for port in range(len(self._ports)) if port != source]
        else:
            targets = [port for port in range(len(self._ports)) if frame[:6] == address_of(port)]
        for target in targets:
            way = self._ways.get((source, target))
            if way is None:
                self._send(target, frame)
            elif self._chance.random() < way.lost:
                self.lost += 1
            elif way.delay_seconds:
                asyncio.get_running_loop().call_later(way.delay_seconds, self._send, target, frame)
            else:
                self._send(target, frame)

    def _send(self, target: int, frame: bytes) -> None:
        if not self._ports:
            return
        try:
            os.write(self._ports[target], frame)
            self.forwarded += 1
        except OSError as error:
            if error.errno not in BUSY:
                raise
            self.lost += 1


def address_of(port: int) -> bytes:
    """A port's hardware address (6 bytes, locally administered)."""
    return bytes((0x02, 0, 0, 0, 0, port))


def open_tap(name: str) -> int:
    """Make a TAP device; the descriptor is read and written without waiting, a frame at a time."""
    port = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    except OSError:
        os.close(port)
        raise
    return port
