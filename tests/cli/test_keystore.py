"""Encrypted key files."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire.address import address_of
from wire.keystore import Kdf, KeyFile, KeystoreError, WrongPassphraseError, create, load, read_public
from wire.passphrase import VARIABLE, find_passphrase

# As cheap as Argon2id gets: what is tested here is not its strength.
CHEAP = Kdf(iterations=1, lanes=1, memory_kib=8)
PASSPHRASES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
# Each example writes a file of its own name into the test's folder.
PROPERTY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def fresh(folder: Path) -> Path:
    return folder / f"{os.urandom(8).hex()}.json"


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@PROPERTY
@given(seed=st.binary(min_size=32, max_size=32), passphrase=PASSPHRASES)
def test_the_key_comes_back_with_its_passphrase(tmp_path: Path, seed: bytes, passphrase: str) -> None:
    path = fresh(tmp_path)
    made = create(path, passphrase, seed=seed, kdf=CHEAP)
    key = load(path, passphrase)
    assert bytes(key) == seed
    assert made.public_key == bytes(key.verify_key)
    assert made.address == address_of(made.public_key)
    assert read_public(path) == made


@PROPERTY
@given(passphrase=PASSPHRASES, wrong=PASSPHRASES)
def test_no_other_passphrase_opens_it(tmp_path: Path, passphrase: str, wrong: str) -> None:
    path = fresh(tmp_path)
    create(path, passphrase, kdf=CHEAP)
    if wrong != passphrase:
        with pytest.raises(WrongPassphraseError, match="does not open"):
            load(path, wrong)


@PROPERTY
@given(data=st.data(), seed=st.binary(min_size=32, max_size=32))
def test_no_digit_of_the_file_can_be_changed_without_notice(tmp_path: Path, data: st.DataObject, seed: bytes) -> None:
    path = fresh(tmp_path)
    create(path, "passphrase", seed=seed, kdf=CHEAP)
    content = json.loads(path.read_text())
    field = data.draw(st.sampled_from(["address", "public_key", "salt", "nonce", "sealed_seed"]))
    place = data.draw(st.integers(0, len(content[field]) - 1))
    digit = data.draw(st.sampled_from(sorted(set("0123456789abcdef") - {content[field][place]})))
    change(path, **{field: content[field][:place] + digit + content[field][place + 1 :]})
    with pytest.raises(WrongPassphraseError):
        load(path, "passphrase")


def test_the_default_is_argon2id_as_rfc_9106_recommends_it_and_fresh_for_every_file(tmp_path: Path) -> None:
    first, second = fresh(tmp_path), fresh(tmp_path)
    seed = bytes(32)
    create(first, "passphrase", seed=seed)
    create(second, "passphrase", seed=seed)
    one, other = json.loads(first.read_text()), json.loads(second.read_text())
    assert one["kdf"] == {"name": "argon2id", "iterations": 3, "lanes": 4, "memory_kib": 65_536}
    assert all(one[field] != other[field] for field in ("salt", "nonce", "sealed_seed"))


def test_the_file_holds_no_secret_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "key.json"
    create(path, "my passphrase", kdf=CHEAP)
    seed = bytes(load(path, "my passphrase"))
    text = path.read_text()
    assert seed.hex() not in text
    assert "my passphrase" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["key.json"]


def test_an_old_file_still_opens(tmp_path: Path) -> None:
    """A file written by the first version of this format: later versions must go on reading it."""
    path = tmp_path / "old.json"
    content = {
        "version": 1,
        "address": "56475aa75463474c0285df5dbf2bcab73da65135",
        "public_key": "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "kdf": {"name": "argon2id", "iterations": 1, "lanes": 1, "memory_kib": 8},
        "salt": "8e67f1958c9473049d3c2184f14e9c84",
        "cipher": "chacha20-poly1305",
        "nonce": "ea23d2847ba00917811d1921",
        "sealed_seed": "4a1490932253ab75bdb96f3cbb5249ee8b44d37d5470a89a"
        "b200a9834582e253617dba45daf40fdfd911859c8a2614a8",
    }
    path.write_text(json.dumps(content))
    assert bytes(load(path, "correct horse")) == bytes(range(32))


def test_a_rotated_keys_file_keeps_the_accounts_address(tmp_path: Path) -> None:
    path = fresh(tmp_path)
    account = bytes(range(20))
    create(path, "passphrase", address=account, kdf=CHEAP)
    assert read_public(path).address == account
    load(path, "passphrase")


def test_a_key_is_never_overwritten_not_even_by_two_at_once(tmp_path: Path) -> None:
    path = fresh(tmp_path)
    outcomes: list[object] = []

    def attempt() -> None:
        try:
            outcomes.append(create(path, "passphrase", kdf=CHEAP).public_key)
        except KeystoreError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
    assert bytes(load(path, "passphrase").verify_key) == winner
    assert all("exists already" in str(outcome) for outcome in outcomes if outcome is not winner)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    path = fresh(tmp_path)
    with pytest.raises(KeystoreError, match=r"passphrase .* is empty"):
        create(path, "", kdf=CHEAP)
    assert not path.exists()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"version": 2}, "version"),
        ({"public_key": "xyz"}, "public_key"),
        ({"address": None}, "address"),
        ({"kdf": {"name": "scrypt"}}, "kdf.name"),
        ({"kdf": {"name": "argon2id", "iterations": 1, "lanes": 1, "memory_kib": 2**40}}, "kdf.memory_kib"),
        ({"cipher": "none"}, "cipher"),
        ({"note": "hello"}, "note"),
    ],
)
def test_a_file_of_another_form_is_refused_by_the_field(tmp_path: Path, fields: dict[str, Any], named: str) -> None:
    path = fresh(tmp_path)
    create(path, "passphrase", kdf=CHEAP)
    change(path, **fields)
    with pytest.raises(KeystoreError, match=rf"is no key file of version 1: .*{named}: "):
        load(path, "passphrase")


def test_a_field_that_stands_there_twice_is_refused_by_its_name(tmp_path: Path) -> None:
    path = fresh(tmp_path)
    create(path, "passphrase", kdf=CHEAP)
    path.write_text(path.read_text().replace('"version": 1,', '"version": 1, "version": 1,'))
    with pytest.raises(KeystoreError, match="has version twice in one object: keep one of them"):
        load(path, "passphrase")


def test_all_that_is_wrong_with_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = fresh(tmp_path)
    create(path, "passphrase", kdf=CHEAP)
    change(path, nonce="", salt=1)
    with pytest.raises(KeystoreError, match=r"salt: .*nonce: "):
        load(path, "passphrase")


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="there is no key file"):
        load(tmp_path / "none.json", "x")
    with pytest.raises(KeystoreError, match="cannot be read: Is a directory"):
        load(tmp_path, "x")
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(KeystoreError, match="cannot be written: Not a directory"):
        create(blocked / "sub" / "key.json", "x", kdf=CHEAP)


def test_a_sealed_key_that_is_not_the_named_one_is_refused(tmp_path: Path) -> None:
    """Whoever knows the passphrase can still not pass off one key as another."""
    path = fresh(tmp_path)
    create(path, "passphrase", kdf=CHEAP)
    forged = KeyFile.model_validate_json(path.read_text()).sealed("passphrase", bytes(32))
    path.write_text(forged.model_dump_json())
    with pytest.raises(KeystoreError, match="holds another key than it names"):
        load(path, "passphrase")


def test_a_passphrase_comes_from_the_file_else_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from the file \nsecond line\n")
    monkeypatch.setenv(VARIABLE, "from the environment")
    assert find_passphrase(file) == "from the file "
    assert find_passphrase() == "from the environment"
    monkeypatch.delenv(VARIABLE)
    assert find_passphrase() is None
    file.write_text("\n")
    with pytest.raises(KeystoreError, match="is empty"):
        find_passphrase(file)
    with pytest.raises(KeystoreError, match="cannot be read"):
        find_passphrase(tmp_path / "none")
