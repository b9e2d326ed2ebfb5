"""The supported Pythons of this machine, each with what the state machine needs, in a cache outside the checkout."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MINORS = range(11, 20)
# All that abci_app, wire and the tests' chain import, with what that needs.
NEEDED = (
    "annotated-types",
    "cffi",
    "pycparser",
    "pydantic",
    "pydantic-core",
    "pynacl",
    "typing-extensions",
    "typing-inspection",
)


def installed() -> list[Path]:
    """One interpreter of each supported minor version, found on PATH and among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found: dict[tuple[int, int], Path] = {sys.version_info[:2]: Path(sys.executable)}
    for minor in MINORS:
        on_path = shutil.which(f"python3.{minor}")
        candidates = [*([Path(on_path)] if on_path else []), *sorted(pyenv.glob(f"3.{minor}.*/bin/python3"))]
        for candidate in candidates:
            if (3, minor) not in found and _runs(candidate, minor):
                found[3, minor] = candidate
    return [found[version] for version in sorted(found)]


def _runs(python: Path, minor: int) -> bool:
    """Whether it starts as that version, with venv (a pyenv shim of a version that is switched off does not)."""
    script = f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([python, "-c", script], check=False, capture_output=True, timeout=60).returncode == 0


def equipped(python: Path) -> Path:
    """An interpreter of that version that has the locked requirements; the running one has them."""
    if python == Path(sys.executable):
        return python
    pins = _pins()
    name = f"{python.parent.parent.name}-{python.name}-{hashlib.sha256(pins.encode()).hexdigest()[:16]}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vdg" / "pythons" / name
    if not (cache / "complete").exists():
        shutil.rmtree(cache, ignore_errors=True)
        subprocess.run([python, "-m", "venv", cache], check=True, capture_output=True, timeout=120)
        requirements = cache / "requirements.txt"
        requirements.write_text(pins)
        pip = [str(cache / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "--require-hashes", "-r", str(requirements)],
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )
        if done.returncode:
            raise RuntimeError(f"{python} could not be equipped; the package registry is needed once:\n{done.stderr}")
        (cache / "complete").touch()
    return cache / "bin" / "python"


def _pins() -> str:
    """The lines of requirements.txt, hashes included, for what is needed."""
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text())
    chosen = [block for block in blocks if re.split(r"[=\s;]", block, maxsplit=1)[0].lower() in NEEDED]
    names = {re.split(r"[=\s;]", block, maxsplit=1)[0].lower() for block in chosen}
    if names != set(NEEDED):
        raise RuntimeError(f"requirements.txt has not {sorted(set(NEEDED) - names)}: change NEEDED in {__file__}")
    return "\n".join(chosen) + "\n"
