"""Models: list, show, rename, delete, export, and how to call them."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.errors import Conflict, InvalidInput, NotFound
from studio.export.bundle import export_model
from studio.export.card import CARD_NAME, CardFacts, build_card
from studio.files import read_json, remove_folder
from studio.prediction.forms import folder_of_form
from studio.prediction.pool import PredictorPool
from studio.records.models import ModelRecord, ModelStore
from studio.results.kinds import read_answers
from studio.results.predictions import Answers
from studio.results.report import Report
from studio.services.jobs import JobService
from studio.services.names import check_name
from studio.services.times import format_time
from studio.settings import Settings
from studio.tasks.registry import get_task

REPORTS_NAME = "report.json"


@dataclass(frozen=True)
class Usage:
    """How to call a model: a command, curl and Python, ready to copy."""

    command: str
    curl: str
    python: str


class ModelService:
    """The verbs on models."""

    def __init__(self, settings: Settings, rows: ModelStore, jobs: JobService, pool: PredictorPool) -> None:
        self._settings = settings
        self._rows = rows
        self._jobs = jobs
        self._pool = pool

    @property
    def home(self) -> Path:
        """Where everything is kept."""
        return self._settings.home

    @property
    def room_bytes(self) -> int:
        """What may still be written to the disk of the home: all that is free but what is to stay free."""
        return max(0, shutil.disk_usage(self.home).free - self._settings.min_free_bytes)

    def list(self, limit: int | None = None) -> list[ModelRecord]:
        """All or the newest few, newest first."""
        return self._rows.list(limit)

    def count(self) -> int:
        """How many there are."""
        return self._rows.count()

    def get(self, name: str) -> ModelRecord:
        """One model; NotFound where there is none of that name."""
        model = self._rows.get(name)
        if model is None:
            raise NotFound(
                f"There is no model '{name}'.",
                "The list of models shows those there are.",
                shell_hint="Print it with: python -m studio model list",
            )
        return model

    def find(self, name: str) -> ModelRecord | None:
        """One model, or None."""
        return self._rows.get(name)

    def rename(self, name: str, new_name: str) -> ModelRecord:
        """Give a model another name; Conflict where that is taken."""
        self.get(name)
        check_name(new_name, "model")
        return self._rows.rename(name, new_name)

    def delete(self, name: str) -> None:
        """Delete a model's row and files; Conflict while a job uses it."""
        model = self.get(name)
        users = [job for job in self._jobs.unfinished() if uses_model(job.payload, model)]
        if users:
            raise Conflict(
                f"'{name}' is in use by the job '{users[0].title}'.",
                "Cancel that job or wait for it, then delete.",
            )
        self._rows.delete(name)
        self._pool.forget(self.answering_folder(model))
        remove_folder(self._settings.models_dir / model.id)

    def folder(self, name: str) -> Path:
        """The model folder that any Hugging Face tool can load."""
        return self.folder_of(self.get(name))

    def folder_of(self, model: ModelRecord) -> Path:
        """The model folder of a record."""
        return self._settings.models_dir / model.id / "folder"

    def answering_folder(self, model: ModelRecord) -> Path:
        """What answers texts: the folder of the compiled form where there is one, else the model folder."""
        if model.compiled is not None:
            folder = folder_of_form(self._settings.models_dir / model.id, model.compiled.id)
            if folder.is_dir():
                return folder
        return self.folder_of(model)

    def export(self, name: str, to: Path, format_name: str) -> Path:
        """Write the model as a folder or zip that does not exist yet."""
        if format_name not in {"folder", "zip"}:
            raise InvalidInput(f"'{format_name}' is no format of an export.", "Choose folder or zip.")
        model = self.get(name)
        return export_model(self.folder_of(model), to, format_name, self._texts_with_name(model))

    def _texts_with_name(self, model: ModelRecord) -> dict[str, str]:
        """The files that name the model, with the name that it has now."""
        content = self._read_reports(model)
        reports = {
            split: Report.from_json({**report, "model": model.name})
            for split, report in content["splits"].items()
        }
        content["splits"] = {split: report.to_json() for split, report in reports.items()}
        card = build_card(CardFacts(model, reports, content.get("training", "")))
        return {CARD_NAME: card, REPORTS_NAME: json.dumps(content, ensure_ascii=False, indent=2)}

    def report(self, name: str, split: str = "test") -> Report:
        """The report on a split of the model's own dataset; NotFound where none was made."""
        reports = self._read_reports(self.get(name))["splits"]
        if split not in reports:
            raise NotFound(
                f"'{name}' has no report on '{split}'.",
                "Score the model on that split first.",
                shell_hint=f"Do it with: python -m studio evaluate {shlex.quote(name)} --split {split}",
            )
        return Report.from_json({**reports[split], "model": name})

    def _read_reports(self, model: ModelRecord) -> dict[str, Any]:
        path = self.folder_of(model) / REPORTS_NAME
        return dict(read_json(path, f"The report of '{model.name}'")) if path.exists() else {"splits": {}}

    def history(self, name: str) -> list[dict[str, Any]]:
        """[{epoch, step, split, name, value}] of the training."""
        path = self._settings.models_dir / self.get(name).id / "history.json"
        return list(read_json(path, f"The history of '{name}'")) if path.exists() else []

    def predictions(self, name: str, split: str = "test") -> Answers:
        """The saved answers on a split; NotFound where there are none."""
        path = self._settings.models_dir / self.get(name).id / f"predictions-{split}.parquet"
        if not path.exists():
            raise NotFound(f"'{name}' has no predictions on '{split}'.", "Choose validation or test.")
        return read_answers(path)

    def usage(self, name: str, address: str = "") -> Usage:
        """Ready-made calls of the model; ``address`` is where the asker reaches the studio, if known."""
        model = self.get(name)
        row = {role: get_task(model.task).role(role).blank for role in model.roles}
        address = address or address_of(self._settings.host, self._settings.port)
        url = f"{address}/api/v1/models/{quote(name, safe='')}/predict"
        token = "" if not self._settings.token else ' -H "Authorization: Bearer $STUDIO_TOKEN"'
        body = json.dumps({"inputs": [row]})
        given = " ".join(f'--input {role}="{write_blank(blank)}"' for role, blank in row.items())
        given = '--text "..."' if len(row) == 1 else given
        return Usage(
            command=f'python -m studio predict "{name}" {given}',
            curl=f"curl -s {shlex.quote(url)} -H 'Content-Type: application/json'{token} -d '{body}'",
            python=write_python(url, body, with_token=bool(self._settings.token)),
        )


def write_blank(blank: str | tuple[str, ...]) -> str:
    """What is to be filled in, on a command line.

    >>> write_blank("..."), write_blank(("...", "..."))
    ('...', '... | ...')
    """
    return blank if isinstance(blank, str) else " | ".join(blank)


def address_of(host: str, port: int) -> str:
    """Where this machine reaches a studio that listens on a host: itself, where it listens on all.

    >>> address_of("0.0.0.0", 7860), address_of("::1", 7860)
    ('http://127.0.0.1:7860', 'http://[::1]:7860')
    """
    if host in {"", "0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def write_python(url: str, body: str, with_token: bool) -> str:
    """A call of the predict route that needs nothing but Python."""
    headers = '"Content-Type": "application/json"'
    if with_token:
        headers += ', "Authorization": "Bearer " + os.environ["STUDIO_TOKEN"]'
    return "\n".join(
        [
            "import json",
            *(["import os"] if with_token else []),
            "from urllib.request import Request, urlopen",
            "",
            f"url = {json.dumps(url)}",
            f"body = json.dumps({body}).encode()",
            f"headers = {{{headers}}}",
            "with urlopen(Request(url, body, headers)) as answer:",
            '    print(json.load(answer)["predictions"])',
        ]
    )


def uses_model(payload: dict[str, Any], model: ModelRecord) -> bool:
    """Whether a job's payload names the model."""
    return model.id in {payload.get("model_id"), payload.get("start_model_id")}


def model_to_json(model: ModelRecord) -> dict[str, Any]:
    """The model's shape that commands and the API print."""
    return {
        "id": model.id,
        "name": model.name,
        "task": model.task,
        "checkpoint": model.checkpoint,
        "dataset": model.dataset,
        "recipe": model.recipe,
        "job": model.id,
        "labels": list(model.labels),
        "roles": list(model.roles),
        "metrics": model.metrics,
        "best_epoch": model.best_epoch,
        "parameters": model.parameters,
        "trainable_parameters": model.trainable_parameters,
        "size_bytes": model.size_bytes,
        "seconds": model.seconds,
        "rows_per_second": model.rows_per_second,
        "created_at": format_time(model.created_at),
        "compiled": model.compiled.to_json() if model.compiled else None,
    }
