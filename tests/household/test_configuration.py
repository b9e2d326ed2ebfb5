"""Configuration and keys: everything wrong is said at once, and no secret is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from clients.common.configuration import ConfigurationError, read_configuration
from clients.household.command import household_command
from clients.household.configuration import HomeSection, HouseholdConfiguration
from clients.household.forecasting.forecast import PersistenceSettings
from clients.household.home import Habits
from clients.household.keys import address_of_home, wallet_of
from clients.household.offers import OfferRules
from clients.household.plan import Rule
from clients.household.planned import PlanningSettings
from clients.household.sunspec.section import SunSpecSection
from wire import keystore
from wire.grid import Grid

SAMPLE = Path(__file__).parents[2] / "config" / "household.yaml"
FAST_KDF = keystore.Kdf(memory_kib=8, iterations=1, lanes=1)
SEED = bytes(range(32))


def minimal(**changes: Any) -> dict[str, Any]:
    return {
        "data": "data",
        "gateway": {"target": "127.0.0.1:7443"},
        "trust": {"genesis": "genesis.json"},
        "mqtt": {"url": "mqtt://127.0.0.1:1883"},
        "vdg": "grid",
        "homes": [{"id": "h1", "seed_file": "h1.seed"}],
    } | changes


def read(folder: Path, content: dict[str, Any]) -> HouseholdConfiguration:
    file = folder / "household.yaml"
    file.write_text(yaml.safe_dump(content))
    return read_configuration(file, HouseholdConfiguration)


def test_the_sample_shows_every_default() -> None:
    sample = read_configuration(SAMPLE, HouseholdConfiguration)
    assert sample.forecast == PersistenceSettings()
    assert sample.battery == Rule()
    assert sample.offers == OfferRules()
    assert sample.habits == Habits()
    content = yaml.safe_load(SAMPLE.read_text())
    assert sample.planning == PlanningSettings()
    assert sample.strategy == HouseholdConfiguration.model_fields["strategy"].default
    for part in ("forecast", "seasonal", "planning", "battery", "offers", "habits"):
        left_out = set(type(getattr(sample, part)).model_fields) - set(content[part])
        assert left_out <= {"last_slot", "ahead_slots", "shade_quantile"}, part


def test_a_device_that_is_wrong_is_all_that_is_told(tmp_path: Path) -> None:
    homes = [{"id": "h1", "seed_file": "h1.seed", "devices": [{"id": "car", "kind": "toaster"}]}]
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, minimal(homes=homes))
    head, line = str(refused.value).splitlines()
    assert head.endswith("1 field(s) are wrong:")
    assert line.startswith("  homes.0.devices.0.kind = 'toaster': ")
    with pytest.raises(ConfigurationError, match=r"homes = .*at least 1 item"):
        read(tmp_path, minimal(homes=[]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_called_so(tmp_path: Path, value: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"offers.shade_quantile = {value}: .*finite number"):
        read(tmp_path, minimal(offers={"shade_quantile": value}))


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    configuration = read(tmp_path, minimal())
    assert configuration.chain_file == tmp_path / "data" / "chain.db"
    assert configuration.homes[0].seed_file == tmp_path / "h1.seed"


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    content = minimal(offers={"min_offer_wh": 0}, battery={"sell_permille": 1001}, horizon=3)
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, content)
    for part in ("offers.min_offer_wh = 0", "battery.sell_permille = 1001", "horizon = 3"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("homes", "words"),
    [
        ([], "at least 1"),
        ([{"id": "h1"}], "either keystore or seed_file"),
        ([{"id": "h1", "seed_file": "a", "keystore": "b"}], "either keystore or seed_file"),
        ([{"id": "h1", "seed_file": "a", "passphrase_file": "b"}], "passphrase_file goes with keystore"),
        ([{"id": "h1", "seed_file": "a"}, {"id": "h1", "seed_file": "b"}], "more than once"),
        ([{"id": "h 1", "seed_file": "a"}], "homes.0.id"),
    ],
)
def test_homes_that_make_no_sense_are_refused(tmp_path: Path, homes: list[dict[str, str]], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(tmp_path, minimal(homes=homes))


@pytest.mark.parametrize(
    ("sunspec", "words"),
    [
        ({}, r"homes\.0\.sunspec\.host = \(entries\): Field required"),
        ({"host": "modbus://10.0.0.5"}, r"homes\.0\.sunspec\.host = 'modbus://10\.0\.0\.5': String should match"),
        ({"host": "x" * 64 + ".lan"}, r"homes\.0\.sunspec\.host = .*String should match"),
        ({"host": "roof", "port": 0}, r"homes\.0\.sunspec\.port = 0: .*greater than or equal to 1"),
        ({"host": "roof", "unit": 256}, r"homes\.0\.sunspec\.unit = 256: .*less than or equal to 255"),
        ({"host": "roof", "poll_s": float("nan")}, r"homes\.0\.sunspec\.poll_s = nan: "),
        ({"host": "roof", "timeout_s": 0}, r"homes\.0\.sunspec\.timeout_s = 0: "),
        ({"host": "roof", "slave": 3}, r"homes\.0\.sunspec\.slave = 3: Extra inputs"),
    ],
)
def test_an_inverter_that_cannot_be_reached_like_that_is_refused(
    tmp_path: Path, sunspec: dict[str, Any], words: str
) -> None:
    homes = [{"id": "h1", "seed_file": "a", "sunspec": sunspec}]
    with pytest.raises(ConfigurationError, match=words):
        read(tmp_path, minimal(homes=homes))


def test_an_inverter_is_asked_twice_in_a_slot_at_least() -> None:
    section = SunSpecSection(host="roof", poll_s=6)
    assert section.driver("h1", Grid("les-lilas", 0, 12)).interval_s == 6
    words = "homes.h1.sunspec.poll_s = 6: slots of les-lilas last 11 s, .*: give at most 5.5"
    with pytest.raises(ConfigurationError, match=words):
        section.driver("h1", Grid("les-lilas", 0, 11))


def test_two_homes_have_no_inverter_together(tmp_path: Path) -> None:
    homes = [
        {"id": "h1", "seed_file": "a", "sunspec": {"host": "roof.lan"}},
        {"id": "h2", "seed_file": "b", "sunspec": {"host": "Roof.lan", "serial": "7"}},
        {"id": "h3", "seed_file": "c", "sunspec": {"host": "roof.lan", "unit": 2}},
    ]
    words = "sunspec roof.lan:502 unit 1 is in homes h1, h2: give each home its own inverter"
    with pytest.raises(ConfigurationError, match=words):
        read(tmp_path, minimal(homes=homes))


def test_a_home_needs_a_grid_of_its_own_or_for_all(tmp_path: Path) -> None:
    content = minimal()
    del content["vdg"]
    with pytest.raises(ConfigurationError, match="homes h1 have no vdg"):
        read(tmp_path, content)
    content["homes"] = [{"id": "h1", "seed_file": "h1.seed", "vdg": "own"}]
    configuration = read(tmp_path, content)
    assert configuration.vdg_of(configuration.homes[0]) == "own"


def home_with_seed(folder: Path, text: str, mode: int = 0o600) -> HomeSection:
    file = folder / "h1.seed"
    file.write_text(text)
    file.chmod(mode)
    return read(folder, minimal()).homes[0]


def test_a_seed_file_is_the_key(tmp_path: Path) -> None:
    home = home_with_seed(tmp_path, SEED.hex() + "\n")
    wallet = wallet_of(home)
    assert address_of_home(home) == wallet.address


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, SEED.hex() + "00", " ".join(["00"] * 32)])
def test_a_seed_that_is_none_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"homes\.h1\.seed_file = .*64 hexadecimal digits") as caught:
        wallet_of(home_with_seed(tmp_path, text))
    assert len(text) < 4 or text not in str(caught.value)


def test_a_seed_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="chmod 600"):
        wallet_of(home_with_seed(tmp_path, SEED.hex(), mode=0o640))


def test_an_encrypted_key_opens_with_its_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VDG_PASSPHRASE", raising=False)
    public = keystore.create(tmp_path / "h1.json", "correct", seed=SEED, kdf=FAST_KDF)
    (home,) = read(tmp_path, minimal(homes=[{"id": "h1", "keystore": "h1.json"}])).homes
    assert address_of_home(home) == public.address
    with pytest.raises(ConfigurationError, match="no passphrase; give passphrase_file or set VDG_PASSPHRASE"):
        wallet_of(home)
    monkeypatch.setenv("VDG_PASSPHRASE", "wrong")
    with pytest.raises(ConfigurationError, match="does not open"):
        wallet_of(home)
    monkeypatch.setenv("VDG_PASSPHRASE", "correct")
    assert wallet_of(home).address == public.address


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_wrong_file_ends_the_command_with_code_2(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(household_command, [command, "--config", str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
    assert "can't be read" in result.output


def test_every_key_that_is_wrong_is_named_before_anything_starts(tmp_path: Path) -> None:
    homes = [{"id": "h1", "seed_file": "h1.seed"}, {"id": "h2", "seed_file": "h2.seed"}]
    read(tmp_path, minimal(homes=homes))
    result = CliRunner().invoke(household_command, ["run", "--config", str(tmp_path / "household.yaml")])
    assert result.exit_code == 2
    assert "homes.h1.seed_file" in result.output
    assert "homes.h2.seed_file" in result.output


def test_an_agent_must_be_told_what_to_trust_or_to_trust_everything(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"give trust\.genesis, or trust\.height and trust\.hash"):
        read(tmp_path, minimal(trust=None))
    assert not read(tmp_path, minimal(trust=None, verify=False)).verify
    with pytest.raises(ConfigurationError, match="give either genesis, or height and hash"):
        read(tmp_path, minimal(trust={"genesis": "g.json", "height": 3, "hash": "00" * 32}))
    by_hash = read(tmp_path, minimal(trust={"height": 3, "hash": "00" * 32})).trust
    assert by_hash is not None
    assert by_hash.height == 3
