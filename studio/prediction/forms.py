"""Where a model's compiled form lies, and what is noted beside it (no torch).

models/MODEL/folder/               the model, as any tool can load it
models/MODEL/compiled/FORM/        model.xml, model.bin and form.json
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.files import write_json

COMPILED = "compiled"
NOTE_NAME = "form.json"


@dataclass(frozen=True)
class FormNote:
    """What it takes to answer by a compiled form.

    Texts are cut at ``max_length`` tokens, ``weights`` is how many numbers each token is multiplied with, and
    ``precision`` that of products of floats when the form was measured (f32, bf16).
    """

    max_length: int
    weights: int
    precision: str | None = None


def folder_of_form(model_dir: Path, form_id: str) -> Path:
    """Where a form of a model lies."""
    return model_dir / COMPILED / form_id


def is_form(folder: Path) -> bool:
    """Whether a folder is, or was, that of a compiled form."""
    return folder.parent.name == COMPILED


def plain_folder(folder: Path) -> Path:
    """The model folder that a form was made from; any other folder is its own."""
    return folder.parents[1] / "folder" if is_form(folder) else folder


def write_note(folder: Path, note: FormNote, measured: dict[str, Any] | None = None) -> None:
    """Note beside a form what it takes to answer, and what was ``measured``."""
    write_json(folder / NOTE_NAME, {"answering": asdict(note), "measured": measured})


def read_note(folder: Path) -> FormNote:
    """What it takes to answer by a form; OSError, ValueError, KeyError or TypeError where it is not there."""
    return FormNote(**json.loads((folder / NOTE_NAME).read_text(encoding="utf-8"))["answering"])
