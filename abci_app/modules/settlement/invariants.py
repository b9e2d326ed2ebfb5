"""Verified ecoins are held or retired, each Wh once: checked at every block over what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken
from wire.settlement import Certificate, Holding

_CERTIFICATES, _HOLDINGS = b"settlement/c", b"settlement/h"


def check_certificates(before: Context, changes: Mapping[bytes, Any]) -> None:
    """Of every certificate, holdings and retired Wh together change by what was minted.

    Raises: InvariantBroken.
    """
    missing: dict[str, int] = {}
    for key, after in changes.items():
        if key.startswith(_CERTIFICATES):
            for certificate, sign in ((after, 1), (before.state.get(key, Certificate), -1)):
                if certificate is not None:
                    energy = sign * (certificate.energy_wh - certificate.retired_wh)
                    missing[certificate.certificate_id] = missing.get(certificate.certificate_id, 0) + energy
        elif key.startswith(_HOLDINGS):
            for holding, sign in ((after, 1), (before.state.get(key, Holding), -1)):
                if holding is not None:
                    missing[holding.certificate_id] = missing.get(holding.certificate_id, 0) - sign * holding.energy_wh
    for name, energy in missing.items():
        if energy:
            raise InvariantBroken(
                f"certificate {name}: {energy} Wh are neither held nor retired after the block at {before.height}"
            )
