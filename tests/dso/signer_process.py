"""A signing service as a real process, for tests."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import yaml

from clients.dso.pki import make_pki
from clients.dso.prover.signatures import ClientTls, Signer, SignerAddress
from wire import keystore

CHAIN_ID = "test-chain"
VDG = "grid"
PASSPHRASE = "correct horse battery staple"
DEADLINE_S = 60.0
FAST_KDF = keystore.Kdf(memory_kib=8, iterations=1, lanes=1)


class SignerProcess:
    """Files in ``folder``; ``start`` and ``kill`` as often as wanted. Slots of one second since Unix time 0."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        make_pki(folder / "pki", ["localhost"], ["dso", "stranger"])
        tls = {"authority": "pki/ca.crt", "certificate": "pki/server.crt", "key": "pki/server.key"}
        grid = {
            "chain_id": CHAIN_ID,
            "vdg": VDG,
            "epoch_s": 0,
            "slot_seconds": 1,
            "max_flow_wh": 10_000,
            "oldest_slots": 10**10,
        }
        configuration = {
            "listen": "localhost:0",
            "address_file": "signer.address",
            "keystore": "proof-key.json",
            "passphrase": {"env": "SIGNER_PASSPHRASE"},
            "record": "record.sqlite",
            "tls": tls,
            "allowed_clients": ["dso"],
            "grids": [grid],
            **changes,
        }
        self.file = folder / "signer.yaml"
        self.file.write_text(yaml.safe_dump(configuration))

    def run(self, *arguments: str, passphrase: str = PASSPHRASE) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            self._command(*arguments),
            env={**os.environ, "SIGNER_PASSPHRASE": passphrase},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def initialise(self) -> bytes:
        """Make a keystore that opens fast, unless there is one, and the record; returns the public key."""
        keys = self.folder / "proof-key.json"
        if not keys.exists():
            keystore.create(keys, PASSPHRASE, kdf=FAST_KDF)
        done = self.run("--init")
        assert done.returncode == 0, done.stderr
        return bytes.fromhex(done.stdout.strip())

    def start(self) -> None:
        """Start serving and wait until it does."""
        self._address_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            self._command(),
            env={**os.environ, "SIGNER_PASSPHRASE": PASSPHRASE},
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + DEADLINE_S
        while not self._address_file.exists():
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < deadline, "the signing service doesn't start"
            time.sleep(0.01)

    def listen_on(self, port: str) -> None:
        """Listen on a port at the next start."""
        content = yaml.safe_load(self.file.read_text())
        self.file.write_text(yaml.safe_dump({**content, "listen": f"localhost:{port}"}))

    def limit_files(self, largest_bytes: int = resource.RLIM_INFINITY) -> None:
        """Let no file of the process grow beyond a size, as if the disk were full; without one lift the limit."""
        assert self.process is not None
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (largest_bytes, resource.RLIM_INFINITY))

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def stop(self) -> tuple[int, str]:
        """SIGTERM; returns the exit code and what it wrote to standard error."""
        assert self.process is not None
        self.process.terminate()
        errors = self.process.communicate(timeout=DEADLINE_S)[1]
        return self.process.returncode, errors

    def address(self, name: str = "dso") -> SignerAddress:
        """How a client of a name reaches it."""
        pki = self.folder / "pki"
        return SignerAddress.model_construct(
            address=self._address_file.read_text().strip(),
            tls=ClientTls.model_construct(
                authority=pki / "ca.crt", certificate=pki / f"{name}.crt", key=pki / f"{name}.key"
            ),
            server_name=None,
        )

    def client(self, name: str = "dso") -> Signer:
        """A client with the certificate of a name."""
        return Signer(self.address(name), timeout_s=DEADLINE_S)

    @property
    def _address_file(self) -> Path:
        return self.folder / "signer.address"

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "clients.dso.signer", str(self.file), *arguments]
