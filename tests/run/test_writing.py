"""Where the report goes is tried before anything starts."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.run.writing import prepare_folder, write_report
from tests.run.samples import observed


@contextmanager
def files_up_to(largest_bytes: int) -> Iterator[None]:
    """As if the disk were full: no file of this process grows beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_is_made_and_what_is_in_it_stays_as_it_is(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    prepare_folder(out)
    assert list(out.iterdir()) == []
    (tmp_path / "emulator.log").write_text("")
    write_report(observed(tmp_path), out)
    before = (out / "report.json").read_bytes()
    prepare_folder(out)
    assert (out / "report.json").read_bytes() == before
    assert {path.name for path in out.iterdir()} == {"report.json", "report.html"}


def test_a_folder_that_takes_no_report_is_refused_with_the_reason_and_the_way_out(tmp_path: Path) -> None:
    way_out = r"choose another folder with --out \(make run OUT=…\)"
    with files_up_to(1024 * 1024), pytest.raises(ValueError, match=f"16 MiB could not be written: .*{way_out}"):
        prepare_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=f"a file, not a folder; {way_out}"):
        prepare_folder(tmp_path / "file")
    with pytest.raises(ValueError, match=f"Not a directory; {way_out}"):
        prepare_folder(tmp_path / "file" / "below")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ValueError, match=f"report.html is there and can't be overwritten: remove it, or {way_out}"):
        prepare_folder(tmp_path)
