"""Checkpoints are named so that the job that fetches one finds the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.checkpoints.resolve import resolve
from tests.checkpoints.tiny_encoders import as_pickle, make_encoder


def test_a_folder_to_convert_is_the_same_folder_for_the_job_that_runs_elsewhere(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = as_pickle(make_encoder(tmp_path / "models" / "enc"))
    monkeypatch.chdir(tmp_path)
    job = studio.checkpoints.fetch("models/enc", allow_pickle=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = resolve(job.payload["checkpoint"], studio.settings)
    assert (found.source, found.folder) == ("folder", folder.resolve())
