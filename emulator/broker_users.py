"""Who may connect to the embedded broker: everybody; a client that gives a name is remembered when it leaves."""

from __future__ import annotations

from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class Everybody(BaseAuthPlugin):  # type: ignore[misc]  # amqtt's classes have no types mypy can see
    """Lets every client in. A named one with a persistent session finds its messages when it comes back."""

    async def authenticate(self, *, session: Session) -> bool:
        """Always true."""
        session.is_anonymous = not session.username
        return True
