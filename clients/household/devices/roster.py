"""All devices that an agent knows, by the topics that they speak on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

from clients.household.devices.change import Change
from clients.household.devices.device import Device, Outgoing
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import Fault, Refusals, Refused
from wire.mqtt import Topics

_CHANGES_KEPT = 1_000
_COMMANDS_KEPT = 10_000
# Beyond so many homes one wildcard is cheaper than a subscription for each.
_SUBSCRIBED_ONE_BY_ONE = 100


class DeviceReport(NamedTuple):
    """How a device stands: ``refused`` counts messages by fault, ``last_refusal`` says why the newest was."""

    home: str
    device: str
    unavailable_because: str | None
    refused: dict[str, int]
    last_refusal: str | None


class Roster:
    """Gives each message to its devices, commands to the link, and changes to whoever plans.

    Raises: ValueError for two devices of one home and name.
    """

    def __init__(self, devices: Iterable[Device], topics: Topics) -> None:
        self._root = topics
        self.devices: dict[tuple[str, str], Device] = {}
        self._homes: set[str] = set()
        self._by_topic: dict[str, list[Device]] = {}
        self._planners: list[Callable[[Change], None]] = []
        self._streams: list[asyncio.Queue[Change]] = []
        self._listeners: list[Callable[[str], None]] = []
        self.outgoing: deque[Outgoing] = deque(maxlen=_COMMANDS_KEPT)
        self.refusals = Refusals("devices")
        self.wake = asyncio.Event()
        for device in devices:
            self.add(device)

    def add(self, device: Device) -> None:
        """Take a device in, before the link runs. Raises: ValueError for a name that is taken."""
        key = (device.home, device.name)
        if key in self.devices:
            raise ValueError(f"device {device.name!r} of {device.home!r} is there twice; give each its own name")
        self.devices[key] = device
        self._homes.add(device.home)
        for topic in device.topics:
            self._by_topic.setdefault(topic, []).append(device)
        device.bind(self._send, self._announce)

    @property
    def topics(self) -> list[str]:
        """What to subscribe to: what each device speaks on, and what strangers in these homes would."""
        strangers = [f"{self._root.root}/{home}/device/+/rating" for home in sorted(self._homes)]
        topics = [*self._by_topic, *strangers]
        if len(self._homes) <= _SUBSCRIBED_ONE_BY_ONE:
            return topics
        return list(dict.fromkeys(self._of_all_homes(topic) for topic in topics))

    def _of_all_homes(self, topic: str) -> str:
        home, slash, rest = topic.removeprefix(f"{self._root.root}/").partition("/")
        return f"{self._root.root}/+{slash}{rest}" if home in self._homes else topic

    def on_change(self, planner: Callable[[Change], None]) -> None:
        """Call ``planner`` with every change, from the event loop; it must be quick and not raise."""
        self._planners.append(planner)

    def on_heard(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the home after each message of it that was handed out; it must be quick and not
        raise."""
        self._listeners.append(listener)

    async def changes(self) -> AsyncIterator[Change]:
        """All changes from now on. A reader that falls behind by 1,000 loses the oldest."""
        queue: asyncio.Queue[Change] = asyncio.Queue(_CHANGES_KEPT)
        self._streams.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._streams.remove(queue)

    def receive(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        """Hand a message to its devices; one from a device that nobody listed is counted and goes no further.

        Topics outside the root do come (amqtt greets every client with all that it keeps): they are not ours.
        """
        devices = self._by_topic.get(topic)
        if devices is None:
            home, _, rest = topic.removeprefix(f"{self._root.root}/").partition("/")
            if home in self._homes and rest.startswith("device/"):
                text = f"{topic}: no such device is listed; add it to the home's devices, or silence it at the broker"
                self.refusals.add(Refused(Fault.WRONG_TOPIC, text))
            return
        for device in devices:
            device.receive(topic, payload, retained, now)
        for home in dict.fromkeys(device.home for device in devices):
            for listener in self._listeners:
                listener(home)

    def tick(self, now: Moment) -> None:
        """Judge everybody's silence."""
        for device in self.devices.values():
            device.tick(now)

    def report(self) -> list[DeviceReport]:
        """How all devices stand, by home and name."""
        return [
            DeviceReport(
                home=home,
                device=name,
                unavailable_because=device.unavailable_because,
                refused={fault.value: count for fault, count in sorted(device.refusals.counts.items())},
                last_refusal=device.refusals.last,
            )
            for (home, name), device in sorted(self.devices.items())
        ]

    def _send(self, outgoing: Outgoing) -> None:
        self.outgoing.append(outgoing)
        self.wake.set()

    def _announce(self, change: Change) -> None:
        for planner in self._planners:
            planner(change)
        for queue in self._streams:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(change)
