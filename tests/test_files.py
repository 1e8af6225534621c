"""Files that appear whole, and a damaged one that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import Damaged
from studio.files import folder_bytes, read_json, remove_folder, write_json


def test_a_value_comes_back_and_a_failed_write_keeps_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "here" / "value.json"
    write_json(path, {"label": "客服", "share": 0.5})
    with pytest.raises(ValueError, match="nan"):
        write_json(path, {"share": float("nan")})
    assert read_json(path, "The value") == {"label": "客服", "share": 0.5}
    assert [each.name for each in path.parent.iterdir()] == ["value.json"]


@pytest.mark.parametrize("content", [b"", b'{"label": ', b"\xff\xfe\x00"])
def test_a_damaged_file_is_named_with_a_next_step(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(Damaged, match=r"The report of 'bbc' .* report\.json") as caught:
        read_json(path, "The report of 'bbc'")
    assert "backup" in caught.value.hint


def test_a_removed_folder_leaves_nothing_and_a_missing_one_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_json(folder / "deep" / "report.json", [1, 2, 3])
    assert folder_bytes(folder) == (folder / "deep" / "report.json").stat().st_size
    remove_folder(folder)
    remove_folder(folder)
    assert list(tmp_path.iterdir()) == []
