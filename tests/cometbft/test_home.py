"""Homes that CometBFT itself takes as its own."""

from __future__ import annotations

import json
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from node.cometbft.genesis import ConsensusParams, GenesisValidator, genesis_json
from node.cometbft.home import CONFIG, GENESIS, SIGN_STATE, VALIDATOR_KEY, Home, HomeError
from node.cometbft.node_keys import Key, public_key_json
from node.cometbft.settings import Settings, Wiring, render_toml
from node.toolchain import COMETBFT_VERSION, COMPATIBLE_VERSION, binary

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

WIRING = Wiring('node "0"', "unix://app.sock", 20_000, 20_001, ("ab@127.0.0.1:1", "cd@127.0.0.1:2"))


def cometbft(version: str, *arguments: str) -> str:
    done = subprocess.run([binary(version=version), *arguments], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def keys_of(table: dict[str, Any], prefix: str = "") -> set[str]:
    """Every setting in a TOML file as "section.key"."""
    found: set[str] = set()
    for key, value in table.items():
        found |= keys_of(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key}
    return found


@pytest.mark.parametrize("version", [COMETBFT_VERSION, COMPATIBLE_VERSION])
def test_every_setting_we_write_is_one_that_this_release_knows(home: Path, version: str) -> None:
    cometbft(version, "init", "--home", str(home))
    known = tomllib.loads((home / CONFIG).read_text())
    ours = tomllib.loads(render_toml(Settings().sections(WIRING)))
    assert keys_of(ours) <= keys_of(known)


@pytest.mark.parametrize("version", [COMETBFT_VERSION, COMPATIBLE_VERSION])
def test_the_consensus_parameters_are_those_of_this_release(home: Path, version: str) -> None:
    cometbft(version, "init", "--home", str(home))
    known = json.loads((home / GENESIS).read_text())["consensus_params"]
    ours = ConsensusParams().to_json()
    assert keys_of(ours) <= keys_of(known)
    assert keys_of(known) - keys_of(ours) <= {"authority.authority"}


def test_cometbft_reads_our_keys_as_we_do(home: Path) -> None:
    made = Home.create(home)
    shown = json.loads(cometbft(COMETBFT_VERSION, "show-validator", "--home", str(home)))
    assert shown == public_key_json(made.validator_key.public_key)
    assert cometbft(COMETBFT_VERSION, "show-node-id", "--home", str(home)) == made.node_id
    assert Home.open(home) == made


def test_secrets_are_readable_by_their_owner_alone_and_never_shown(home: Path) -> None:
    made = Home.create(home)
    assert stat.S_IMODE((home / VALIDATOR_KEY).stat().st_mode) == 0o600
    assert made.validator_key.seed.hex() not in repr(made)
    assert repr(made.validator_key.seed) not in repr(made)


@pytest.mark.parametrize("existing", [VALIDATOR_KEY, SIGN_STATE])
def test_a_validators_key_and_sign_state_are_never_overwritten(home: Path, existing: Path) -> None:
    (home / existing).parent.mkdir(parents=True)
    (home / existing).write_text("precious")
    with pytest.raises(HomeError, match=r"exists: choose another folder"):
        Home.create(home)
    assert (home / existing).read_text() == "precious"


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "{}",
        '{"priv_key": {"type": "tendermint/PrivKeySecp256k1", "value": ""}}',
        '{"priv_key": {"type": "tendermint/PrivKeyEd25519", "value": "AAAA"}}',
    ],
)
def test_a_broken_key_is_named_with_its_file(home: Path, content: str) -> None:
    Home.create(home)
    (home / VALIDATOR_KEY).write_text(content)
    with pytest.raises(HomeError, match=r"priv_validator_key\.json holds no Ed25519 key"):
        Home.open(home)


def test_a_key_whose_halves_do_not_belong_together_is_refused(home: Path) -> None:
    mine, other = Key.generate(), Key.generate()
    Home.create(home)
    mixed = Key(other.public_key, mine.seed)
    (home / VALIDATOR_KEY).write_text(json.dumps({"priv_key": mixed.private_json()}))
    with pytest.raises(HomeError, match="do not belong together"):
        Home.open(home)


def test_settings_say_in_toml_what_was_meant() -> None:
    settings = Settings(
        timeout_commit_ms=300,
        create_empty_blocks_interval_ms=60_000,
        prometheus_address="127.0.0.1:9000",
        overrides={"mempool": {"recheck": False}, "storage": {"discard_abci_responses": True}},
    )
    read = tomllib.loads(render_toml(settings.sections(WIRING)))
    assert read["moniker"] == 'node "0"'
    assert read["proxy_app"] == "unix://app.sock"
    assert read["rpc"]["laddr"] == "tcp://127.0.0.1:20000"
    assert read["p2p"]["persistent_peers"] == "ab@127.0.0.1:1,cd@127.0.0.1:2"
    assert read["consensus"]["timeout_commit"] == "300ms"
    assert read["consensus"]["create_empty_blocks_interval"] == "60000ms"
    assert read["instrumentation"]["prometheus"] is True
    assert read["mempool"]["recheck"] is False
    assert read["mempool"]["type"] == "flood"
    assert read["storage"]["discard_abci_responses"] is True


@pytest.mark.parametrize("chain_id", ["", "x" * 51])
def test_a_chain_id_that_cometbft_would_refuse_is_refused_here(chain_id: str) -> None:
    with pytest.raises(ValueError, match="give 1 to 50"):
        genesis_json(
            chain_id=chain_id,
            genesis_time_ns=0,
            validators=[GenesisValidator("v", bytes(32), 1)],
            app_state={},
            params=ConsensusParams(),
        )
