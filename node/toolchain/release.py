"""Which releases of CometBFT the toolchain builds, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MODULE: Final = "github.com/cometbft/cometbft"

GoVersion = tuple[int, int, int]


@dataclass(frozen=True)
class Release:
    """One pinned release of CometBFT.

    `go_version` is the `go` directive of the release's go.mod: an older Go refuses to build it.
    `checksum` is the `h1:` hash of the module, as in a go.sum; a proxy that serves anything else is refused.
    """

    version: str
    go_version: GoVersion
    checksum: str

    @property
    def packages(self) -> tuple[str, ...]:
        """The commands of the release, as `go install` wants them; built together, as they share code."""
        return (f"{MODULE}/cmd/cometbft@{self.version}", f"{MODULE}/abci/cmd/abci-cli@{self.version}")


BINARIES: Final = ("cometbft", "abci-cli")

# The version every validator runs.
COMETBFT_VERSION: Final = "v0.40.0"
# The older line with the same ABCI 2.0 wire, with which the compatibility tests run.
COMPATIBLE_VERSION: Final = "v0.38.25"

RELEASES: Final = {
    release.version: release
    for release in (
        Release(COMETBFT_VERSION, (1, 25, 0), "h1:0+zc7FlcnonFfMwzhyDCd5vK/fHZqz0RfRyTCxZsFPU="),
        Release(COMPATIBLE_VERSION, (1, 22, 11), "h1:jtGSyssudmkjED2fk9wFGfd/fNyPKvLIinW62ELxZH4="),
    )
}
