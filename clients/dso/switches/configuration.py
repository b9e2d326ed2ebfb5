"""What the switches' controller is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clients.common.broker import BrokerAddress
from clients.common.configuration import FilePath, Section
from clients.dso.daemon_configuration import AccountKey, GatewayAddress

Name = Annotated[str, Field(min_length=1, max_length=64)]


class ControllerConfiguration(Section):
    """The whole file. ``account`` is the one that the switches are registered with. ``homes_csv``: header
    ``account,home``, the homes' ids on MQTT; those of switches at least."""

    chain_id: Name
    vdg: Name
    chain_state: FilePath
    gateway: GatewayAddress
    account: AccountKey
    mqtt: BrokerAddress
    homes_csv: FilePath
