"""A real broker that keeps Mosquitto's rules of access, in the test's event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiomqtt import Topic
from amqtt.contexts import Action
from amqtt.plugins.base import BaseTopicPlugin
from amqtt.session import Session

from emulator.broker import EmbeddedBroker

Rules = Mapping[str, Sequence[str]]
"""Lines of Mosquitto's ``acl_file`` by user."""


def may(rules: Rules, user: str, access: str, topic: str) -> bool:
    """Whether a user may ``read`` or ``write`` a topic; what no rule allows is refused."""
    lines = (line.split() for line in rules.get(user, ()))
    return any(given in (access, "readwrite") and Topic(topic).matches(to) for _, given, to in lines)


class Access(BaseTopicPlugin):  # type: ignore[misc]  # amqtt's classes have no types mypy can see
    """As Mosquitto does: whoever subscribes is told yes, and gets only what it may read."""

    @dataclass
    class Config:
        """Rules, by user."""

        rules: dict[str, list[str]] = field(default_factory=dict)

    async def topic_filtering(self, *, session: Session, topic: str, action: Action) -> bool:
        """Whether a message is taken from, or given to, a client."""
        if action == Action.SUBSCRIBE:
            _subscriptions.append((session.username, topic))
            return True
        rules = self._get_config_option("rules", {})
        return may(rules, session.username, "write" if action == Action.PUBLISH else "read", topic)


# amqtt makes its plugins itself, from their names.
_subscriptions: list[tuple[str, str]] = []


@dataclass(frozen=True)
class AccessBroker:
    """Where it listens on loopback, and who subscribed to what so far."""

    port: int
    subscriptions: Sequence[tuple[str, str]]

    def url(self, user: str) -> str:
        """Where a user connects."""
        return f"mqtt://{user}@127.0.0.1:{self.port}"

    def filters_of(self, user: str) -> set[str]:
        """What a user subscribed to."""
        return {topic for who, topic in self.subscriptions if who == user}


@asynccontextmanager
async def access_broker(rules: Rules) -> AsyncIterator[AccessBroker]:
    """A broker with these rules; a user is who says so."""
    _subscriptions.clear()
    settings = {"rules": {user: list(lines) for user, lines in rules.items()}}
    async with EmbeddedBroker(plugins={f"{__name__}.Access": settings}) as broker:
        yield AccessBroker(broker.port, _subscriptions)
