"""What flexible devices take, by the powers that they tell: part of a home's load that is planned and not forecast."""

from __future__ import annotations

from bisect import bisect_right

_KEPT = 64


class DeviceUse:
    """One device's power over time, constant from one change to the next."""

    def __init__(self) -> None:
        self._times_ms: list[int] = []
        self._powers_w: list[int] = []

    def take(self, time_ms: int, power_w: int) -> None:
        """From ``time_ms`` on it takes ``power_w``; earlier times than the last change nothing."""
        if self._times_ms and (time_ms < self._times_ms[-1] or self._powers_w[-1] == power_w):
            return
        self._times_ms.append(time_ms)
        self._powers_w.append(power_w)
        del self._times_ms[:-_KEPT], self._powers_w[:-_KEPT]

    @property
    def power_w(self) -> int:
        """What it takes now, as far as it has told."""
        return self._powers_w[-1] if self._powers_w else 0

    @property
    def changed_ms(self) -> int:
        """When its power changed last."""
        return self._times_ms[-1] if self._times_ms else 0

    def mean_w(self, from_ms: int, to_ms: int) -> float:
        """Its mean power between two times; the last one goes on, and before the first nothing was taken."""
        if to_ms <= from_ms:
            return 0.0
        index = max(0, bisect_right(self._times_ms, from_ms) - 1)
        total = 0.0
        for place in range(index, len(self._times_ms)):
            begin = max(from_ms, self._times_ms[place])
            end = min(to_ms, self._times_ms[place + 1]) if place + 1 < len(self._times_ms) else to_ms
            total += max(0, end - begin) * self._powers_w[place]
        return total / (to_ms - from_ms)
