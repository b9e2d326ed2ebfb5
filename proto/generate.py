"""Generate wire/gen from the .proto files; `--check` only says whether it is up to date."""

from __future__ import annotations

import argparse
import filecmp
import re
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

PROTO = Path(__file__).parent
TARGET = PROTO.parent / "wire" / "gen"
OUR_IMPORT = re.compile(r"^(from|import) (vdg|tendermint)\b", re.MULTILINE)


def generate(target: Path) -> None:
    """Write the Python modules and type stubs of every .proto file below ``target``."""
    sources = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    well_known = str(files("grpc_tools") / "_proto")
    bin_dir = Path(sys.executable).parent
    arguments = [
        "protoc",
        f"-I{PROTO}",
        f"-I{well_known}",
        f"--plugin=protoc-gen-mypy={bin_dir / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={bin_dir / 'protoc-gen-mypy_grpc'}",
        f"--python_out={target}",
        f"--mypy_out=quiet:{target}",
    ]
    services = [s for s in sources if re.search(r"^service ", (PROTO / s).read_text(), re.MULTILINE)]
    if protoc.main([*arguments, *sources]) != 0:
        raise SystemExit("protoc failed; its message is above")
    if (
        services
        and protoc.main([*arguments[:5], f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services])
        != 0
    ):
        raise SystemExit("protoc failed; its message is above")
    # protoc writes imports relative to the proto root; ours live inside the package wire.gen.
    for path in target.rglob("*.py*"):
        text = path.read_text()
        path.write_text(OUR_IMPORT.sub(r"\1 wire.gen.\2", text))
    for folder in [target, *(p for p in target.rglob("*") if p.is_dir())]:
        (folder / "__init__.py").touch()


def differences(left: Path, right: Path) -> list[str]:
    """Name the generated files that are missing, surplus or different."""
    names = {
        str(p.relative_to(root)) for root in (left, right) for p in root.rglob("*.py*") if "__pycache__" not in p.parts
    }
    return sorted(
        n
        for n in names
        if not ((left / n).is_file() and (right / n).is_file() and filecmp.cmp(left / n, right / n, shallow=False))
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when out of date")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "gen"
        fresh.mkdir()
        generate(fresh)
        if arguments.check:
            stale = differences(fresh, TARGET)
            if stale:
                print("out of date, run `make proto`:", *stale, sep="\n  ")
            return bool(stale)
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(fresh, TARGET)
    return 0


if __name__ == "__main__":
    sys.exit(main())
