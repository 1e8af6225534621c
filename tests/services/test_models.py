"""A model is handed out under the name it has now."""

from __future__ import annotations

import json
from pathlib import Path

from studio.bootstrap import Studio
from studio.export.bundle import NEEDED
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model


def test_an_export_after_a_rename_carries_the_new_name(studio: Studio, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    keep_model(studio, "small", "first")
    folder = studio.models.folder("first")
    for name in NEEDED:
        if not (folder / name).exists():
            (folder / name).write_text("{}", encoding="utf-8")
    studio.models.rename("first", "客服 2")
    out = studio.models.export("客服 2", tmp_path / "out", "folder")
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "# 客服 2" in card and "# first" not in card
    reports = json.loads((out / "report.json").read_text(encoding="utf-8"))["splits"]
    assert {report["model"] for report in reports.values()} == {"客服 2"}
    assert reports["test"]["metrics"] == studio.models.report("客服 2").metrics
