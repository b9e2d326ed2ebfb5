"""The keys of validators on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from abci_app.core.signature import verified
from node.cli import keys
from node.cometbft.node_keys import read_key
from wire.governance import possession_bytes

RUNNER = CliRunner()
OPERATOR = "00112233445566778899aabbccddeeff00112233"


def test_a_new_consensus_key_is_a_file_of_cometbfts_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "priv_validator_key.json"
    shown = RUNNER.invoke(keys.app, ["consensus", str(file), "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.output)["public_key"] == read_key(file).public_key.hex()
    assert file.stat().st_mode & 0o077 == 0
    assert read_key(file).seed.hex() not in shown.output
    again = RUNNER.invoke(keys.app, ["consensus", str(file)])
    assert "exists already" in str(again.exception)


def test_possession_is_proved_for_one_chain_and_one_operator(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    (folder / "config").mkdir(parents=True)
    RUNNER.invoke(keys.app, ["consensus", str(folder / "config" / "priv_validator_key.json")])
    shown = RUNNER.invoke(keys.app, ["possession", str(folder), "--chain-id", "a", "--operator", OPERATOR, "--json"])
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.output)
    key, proof = bytes.fromhex(found["public_key"]), bytes.fromhex(found["proof"])
    assert verified(key, proof, possession_bytes("a", key, bytes.fromhex(OPERATOR)))
    assert not verified(key, proof, possession_bytes("b", key, bytes.fromhex(OPERATOR)))


def test_a_file_or_address_that_is_none_is_named(tmp_path: Path) -> None:
    missing = RUNNER.invoke(keys.app, ["possession", str(tmp_path / "no"), "--chain-id", "a", "--operator", OPERATOR])
    assert "give a node's folder or its key file" in str(missing.exception)
    RUNNER.invoke(keys.app, ["consensus", str(tmp_path / "key")])
    wrong = RUNNER.invoke(keys.app, ["possession", str(tmp_path / "key"), "--chain-id", "a", "--operator", "oscar"])
    assert "give 40 digits" in str(wrong.exception)
