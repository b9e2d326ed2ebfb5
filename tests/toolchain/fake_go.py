"""A `go` command that answers as Go does and builds shell scripts in no time."""

from __future__ import annotations

import sys
from pathlib import Path

from node.toolchain.release import BINARIES, COMETBFT_VERSION, RELEASES

SCRIPT = """#!{python} -IS
import json, os, sys, time
arguments = sys.argv[1:]
if arguments[0] == "env":
    print({{"GOVERSION": {version!r}, "GOFLAGS": "-buildvcs=false"}}[arguments[1]])
elif arguments[0] == "mod":
    if {download_fails!r}:
        sys.exit("go: no route to the proxy")
    print(json.dumps({{"Path": "module", "Sum": {checksum!r}}}))
elif arguments[0] == "install":
    with open({record!r}, "a") as record:
        record.write(json.dumps([arguments, dict(os.environ), os.getpid()]) + "\\n")
    time.sleep({seconds!r})
    if {build_fails!r}:
        sys.exit("module.go:1: syntax error")
    for name in {binaries!r}:
        path = os.path.join(os.environ["GOBIN"], name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\\n")
        os.chmod(path, 0o755)
"""


def install_fake_go(
    folder: Path,
    *,
    version: str = "go1.26.8",
    checksum: str = RELEASES[COMETBFT_VERSION].checksum,
    seconds: float = 0.0,
    download_fails: bool = False,
    build_fails: bool = False,
    binaries: tuple[str, ...] = BINARIES,
) -> Path:
    """Put the command into `folder`; returns the file in which each build is recorded, one JSON line each."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "builds"
    script = SCRIPT.format(
        python=sys.executable,
        version=version,
        checksum=checksum,
        seconds=seconds,
        download_fails=download_fails,
        build_fails=build_fails,
        binaries=binaries,
        record=str(record),
    )
    (folder / "go").write_text(script)
    (folder / "go").chmod(0o755)
    return record
