"""The settings: the sample is true, and every error is named at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from node.gateway.command import settings
from node.gateway.configuration import Configuration, ConfigurationError, load_configuration

SAMPLE = Path(__file__).parents[2] / "config" / "gateway.yaml"


def names_of(model: Any, prefix: str = "") -> set[str]:
    """Every setting's name, nested ones with their group's."""
    found: set[str] = set()
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        found |= names_of(value, f"{prefix}{name}.") if isinstance(value, BaseModel) else {f"{prefix}{name}"}
        assert field.is_required() is False
    return found


def test_the_sample_holds_the_defaults_and_names_every_setting() -> None:
    assert load_configuration(SAMPLE) == Configuration()
    text = SAMPLE.read_text()
    for name in names_of(Configuration()):
        assert f"{name.rpartition('.')[2]}:" in text, name


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert load_configuration(tmp_path / "empty.yaml") == Configuration()


def test_all_errors_of_a_file_come_at_once_with_field_value_and_way_out(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "listen: nowhere\nnodes: [ftp://x]\nstall_seconds: -1\ncolour: red\n"
        "tls: {certificate: /no/such/file, key: 7}\nlimits: {burst: 0, streams: many}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    text = str(caught.value)
    for part in (
        "listen = 'nowhere': give HOST:PORT",
        "nodes = ['ftp://x']: 'ftp://x' is no RPC address; give http://HOST:PORT",
        "stall_seconds = -1",
        "colour = 'red': there is no such setting; config/gateway.yaml names all",
        "tls.certificate = '/no/such/file': no such file",
        "tls.key = 7",
        "limits.burst = 0",
        "limits.streams = 'many'",
    ):
        assert part in text
    assert len(caught.value.errors) == 8


@pytest.mark.parametrize("text", ["a: [", "- list", "\x00", "[" * 3_000, "burst: 1\nburst: 2"])
def test_a_file_that_is_no_settings_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"bad\.yaml"):
        load_configuration(tmp_path / "bad.yaml")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_configuration(tmp_path / "missing.yaml")


def test_the_command_lines_options_replace_the_files() -> None:
    configuration = settings(SAMPLE, ["http://10.0.0.1:26657"], "[::1]:0")
    assert (configuration.nodes, configuration.listen) == (("http://10.0.0.1:26657",), "[::1]:0")
    with pytest.raises(ConfigurationError, match="command line: listen = 'x'"):
        settings(None, [], "x")
