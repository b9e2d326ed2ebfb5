"""`python -m node.toolchain [VERSION ...]`: build what is missing of CometBFT and print where it is."""

from __future__ import annotations

import sys

from node.toolchain import COMETBFT_VERSION, ToolchainError, binary


def main(versions: list[str]) -> int:
    """Build each version, the pinned one by default; 0 when all are there, 1 when one could not be built."""
    try:
        for version in versions or [COMETBFT_VERSION]:
            print(f"CometBFT {version}: {binary(version=version)}")
    except ToolchainError as error:
        print(f"vdg: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("vdg: interrupted; the next start builds again", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
