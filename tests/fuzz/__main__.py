"""``python -m tests.fuzz [TARGET …] --minutes M``: coverage-guided fuzzing with atheris, one target after the other."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.corpus import FOLDER

NAMES = ("transactions", "frames", "gateway", "snapshots", "proofs")
_MAX_BYTES = 4_096


def main() -> int:
    """Exit code 0 when nothing was found; 1 with the input that must go into the corpus; 2 without atheris."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of {', '.join(NAMES)}; all by default")
    parser.add_argument("--minutes", type=float, default=5, help="in all, shared by the targets")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()
    if find_spec("atheris") is None:
        print("atheris is not there for this Python: use 3.11 to 3.14 on Linux x86-64", file=sys.stderr)
        return 2
    targets = arguments.targets or list(NAMES)
    if unknown := [name for name in targets if name not in NAMES]:
        parser.error(f"unknown targets {', '.join(unknown)}: give some of {', '.join(NAMES)}")
    if arguments.inside:
        return fuzz(targets[0], rest)
    seconds = max(int(60 * arguments.minutes / len(targets)), 1)
    return max(run(name, seconds) for name in targets)


def run(name: str, seconds: int) -> int:
    """Fuzz in a process of its own, as libFuzzer ends the one that it runs in."""
    with tempfile.TemporaryDirectory(prefix="vdg-fuzz-") as folder:
        # New inputs go to the first folder; the corpus is only read.
        options = [f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", "-timeout=20", f"-artifact_prefix={folder}/"]
        places = [str(Path(folder) / "new"), str(FOLDER / name)]
        Path(places[0]).mkdir()
        command = [sys.executable, "-m", "tests.fuzz", name, "--inside", *options, *places]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        last = [line for line in done.stderr.splitlines() if "cov:" in line or line.startswith("Done")]
        print(f"{name}: " + (last[-1] if last else "no input was run"))
        if done.returncode == 0:
            return 0
        print(done.stderr[-4_000:])
        for file in Path(folder).glob("*-*"):
            print(f"found by {file.read_bytes().hex()}\nkeep it: tests.fuzz.corpus.add({name!r}, bytes.fromhex(…))")
        return 1


def fuzz(name: str, options: list[str]) -> int:
    """Run libFuzzer over a target; what reads bytes is instrumented."""
    import atheris

    with atheris.instrument_imports(include=["wire", "abci_app", "node"]):
        from tests.fuzz.targets import target

    found = target(name)
    atheris.Setup([sys.argv[0], *options], found.run)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
