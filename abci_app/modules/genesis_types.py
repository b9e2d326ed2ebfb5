"""Field types of the genesis document, with their checks; every error of a document is reported at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from wire.accounts import Role
from wire.address import PUBLIC_KEY_BYTES, is_hex, parse_address


class Section(BaseModel):
    """A part of the genesis document: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _address(value: str) -> str:
    parse_address(value)
    return value


def _public_key(value: str) -> str:
    if not is_hex(value, PUBLIC_KEY_BYTES):
        raise ValueError(f"no public key ({len(value)} characters): give {2 * PUBLIC_KEY_BYTES} digits 0-9 a-f")
    return value


def _role(value: str) -> str:
    names = [role.name.removeprefix("ROLE_").lower() for role in Role if role]
    if value not in names:
        raise ValueError(f"unknown role: give one of {', '.join(names)}")
    return value


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Serial = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
AddressHex = Annotated[str, AfterValidator(_address)]
PublicKeyHex = Annotated[str, AfterValidator(_public_key)]
RoleName = Annotated[str, AfterValidator(_role)]
Amount = Annotated[int, Field(ge=0, le=(1 << 63) - 1)]
Positive = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
Price = Annotated[int, Field(ge=0, le=10**9)]


def role_of(name: str) -> Role:
    """The role that a genesis document calls ``name``."""
    return Role[f"ROLE_{name.upper()}"]
