"""Keeps homes on Home Assistant's pages: discovery, values, and what the person does there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import aiomqtt

from clients.common.broker import BrokerAddress
from clients.common.broker_connection import BrokerConnection, own_client_id
from clients.household.devices.homeassistant.controls import ControlRefused, HomeControls
from clients.household.devices.homeassistant.discovery import DEFAULT_PREFIX, Discovery, Retained
from clients.household.devices.homeassistant.entity import (
    CHARGE_KEY,
    COMFORT_KEY,
    LIMITS_KEY,
    NOTICE_KEY,
    PAUSE_KEY,
    PERCENT,
    RESERVE_KEY,
    encode,
)
from clients.household.devices.refusal import Fault, Refusals, Refused
from wire.mqtt import Topics

log = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
MOST_CHARACTERS = 255
"""Home Assistant keeps no longer state."""


class PanelPublisher:
    """Shows ``homes`` and hands commands to ``controls``. ``agent`` must differ between processes on one broker.

    Raises: ConfigurationError when the broker's login is incomplete, ValueError for an impossible prefix.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        homes: Iterable[str],
        controls: HomeControls,
        agent: str,
        prefix: str = DEFAULT_PREFIX,
    ) -> None:
        self.discovery = Discovery(Topics(broker.topic_root), agent, prefix)
        self._connection = BrokerConnection(
            broker,
            own_client_id("panel"),
            self._topics,
            self._received,
            self._show,
            will=aiomqtt.Will(self.discovery.online, b"offline", qos=1, retain=True),
        )
        self._homes = list(homes)
        self._controls = controls
        self._shown: dict[str, bytes] = {}
        self._notices: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._introduced = False
        self.refusals = Refusals("panel")

    async def run(self) -> None:
        """Publish and obey until cancelled; the connection comes back by itself."""
        await self._connection.run()

    async def withdraw(self) -> None:
        """Take the homes off Home Assistant's pages, for a home that leaves. Raises: aiomqtt.MqttError."""
        async with self._connection.client() as client:
            for home in self._homes:
                await _keep(client, self.discovery.withdrawal(home))

    def command(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a message; what can't be done is told to the person as the home's notice."""
        addressed = self.discovery.addressed(topic)
        if addressed is None:
            return
        home, key = addressed
        try:
            if home not in self._homes:
                raise Refused(Fault.WRONG_TOPIC, f"{topic}: home {home!r} is not this agent's")
            if retained:
                raise Refused(Fault.REPLAYED, f"{topic}: kept by the broker from before; publish without retain")
            self._obey(home, key, payload)
            self._notices.pop(home, None)
        except Refused as refused:
            self.refusals.add(refused)
            if home in self._homes and not retained:
                self._notices[home] = str(refused)
        except ControlRefused as refused:
            self._notices[home] = str(refused)
        self._wake.set()

    def _obey(self, home: str, key: str, payload: bytes) -> None:
        text = payload[:40].decode("utf-8", "replace")
        match key:
            case "pause_trading" if text in ("ON", "OFF"):
                log.info("%s: the person %s trading", home, "paused" if text == "ON" else "resumed")
                self._controls.pause_trading(home, text == "ON")
            case "charge_now" if text == "PRESS":
                log.info("%s: the person asked to charge now", home)
                self._controls.charge_now(home)
            case "reserve" | "comfort":
                percent = _percent(key, text)
                log.info("%s: the person set %s to %d %%", home, key, percent)
                (self._controls.set_reserve if key == RESERVE_KEY else self._controls.set_comfort)(home, percent)
            case "pause_trading" | "charge_now":
                wanted = "ON or OFF" if key == PAUSE_KEY else "PRESS"
                raise Refused(Fault.MALFORMED, f"{key} is {text!r}; send {wanted}")
            case _:
                keys = ", ".join((PAUSE_KEY, CHARGE_KEY, RESERVE_KEY, COMFORT_KEY))
                raise Refused(Fault.WRONG_TOPIC, f"control {key[:40]!r} is unknown; there are {keys}")

    def _topics(self) -> list[str]:
        return [self.discovery.birth, *(self.discovery.command(home, "+") for home in self._homes)]

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self.discovery.birth and payload == b"online":
            self._introduced = False
            self._wake.set()
        else:
            self.command(topic, payload, retained)

    async def _introduce(self, client: aiomqtt.Client) -> None:
        for home in self._homes:
            await _keep(client, self.discovery.messages(home))
        await client.publish(self.discovery.online, b"online", qos=1, retain=True)
        self._shown.clear()
        self._introduced = True

    async def _show(self, client: aiomqtt.Client) -> None:
        self._introduced = False
        task = asyncio.current_task()
        # A cancellation that comes together with a publication's answer is lost on its way, but stays counted.
        while task is not None and not task.cancelling():
            self._wake.clear()
            if not self._introduced:
                await self._introduce(client)
            for home in self._homes:
                state = self._controls.panel(home)
                words = {NOTICE_KEY: self._notices.get(home, state.notice), LIMITS_KEY: state.limits}
                for topic, payload in (
                    (self.discovery.state(home), encode(state.message())),
                    *((self.discovery.words(home, key), _fitting(text)) for key, text in words.items()),
                ):
                    if self._shown.get(topic) != payload:
                        await client.publish(topic, payload, qos=1, retain=True)
                        self._shown[topic] = payload
            try:
                await asyncio.wait_for(self._wake.wait(), REFRESH_SECONDS)
            except TimeoutError:
                continue


def _fitting(text: str) -> bytes:
    """Words as Home Assistant keeps them; what is cut off ends with an ellipsis."""
    cut = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
    return (cut or "none").encode()


def _percent(key: str, text: str) -> int:
    try:
        return PERCENT.read(text)
    except ValueError as error:
        raise Refused(Fault.MALFORMED, f"{key}: {error}") from error


async def _keep(client: aiomqtt.Client, messages: Iterable[Retained]) -> None:
    for topic, payload in messages:
        await client.publish(topic, payload, qos=1, retain=True)
