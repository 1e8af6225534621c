"""The model card: what a model is, how well it does, how to load it, and what it cannot do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from jobs.durable import write_file
from studio.checkpoints.catalogue import Checkpoint, find_in_catalogue
from studio.metrics.registry import METRICS
from studio.tasks.registry import get_task

CARD_NAME = "README.md"
LANGUAGE_CODES = {"English": "en", "Chinese": "zh", "multilingual": "multilingual"}
LABELS_SHOWN = 100
FOLDER = "path/to/this/folder"
FEW_ROWS = 30
SPLIT_TITLES = {"validation": "Validation", "test": "Test"}


class ModelFacts(Protocol):
    """What a card tells of a model; a model's record has all of it."""

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def checkpoint(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def dataset_fingerprint(self) -> str: ...
    @property
    def recipe(self) -> dict[str, Any]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def roles(self) -> tuple[str, ...]: ...
    @property
    def best_epoch(self) -> float | None: ...
    @property
    def parameters(self) -> int: ...
    @property
    def trainable_parameters(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class ReportFacts(Protocol):
    """A report that can say what it holds as plain values."""

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class CardFacts:
    """A model, its reports by split, and one sentence on how training went."""

    record: ModelFacts
    reports: Mapping[str, ReportFacts] = field(default_factory=dict)
    sentence: str = ""


def write_card(folder: Path, facts: CardFacts) -> Path:
    """Write README.md into a model folder; it appears whole or not at all."""
    path = folder / CARD_NAME
    write_file(path, build_card(facts))
    return path


def build_card(facts: CardFacts) -> str:
    """The card as Markdown with Hugging Face front matter."""
    record = facts.record
    reports = {split: report.to_json() for split, report in facts.reports.items()}
    checkpoint = find_in_catalogue(record.checkpoint)
    parts = [
        front_matter(record, reports, checkpoint),
        f"# {record.name}",
        introduce(record, checkpoint),
        "## Scores",
        *describe_scores(reports, get_task(record.task).card.counted),
        "## What it was trained on",
        describe_data(record, reports),
        "## How it was trained",
        describe_training(facts),
        table(["Setting", "Value"], setting_rows(record)),
        "## How to load it",
        describe_loading(record),
        "## Limits",
        "\n".join(f"* {limit}" for limit in describe_limits(record, reports)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def front_matter(record: ModelFacts, reports: Mapping[str, Any], checkpoint: Checkpoint | None) -> str:
    """Machine-readable facts; each value is JSON, which YAML reads as it is."""
    tag = get_task(record.task).card.tag
    facts: dict[str, Any] = {"library_name": "transformers", "pipeline_tag": tag}
    if checkpoint is not None:
        if checkpoint.language in LANGUAGE_CODES:
            facts["language"] = LANGUAGE_CODES[checkpoint.language]
        if checkpoint.licence:
            facts["license"] = checkpoint.licence.lower()
        if checkpoint.repo:
            facts["base_model"] = checkpoint.repo
    facts["tags"] = ["encoder-studio", tag]
    scored = reports.get("test") or reports.get("validation")
    if scored and scored["metrics"]:
        split = "test" if reports.get("test") else "validation"
        facts["model-index"] = [
            {
                "name": record.name,
                "results": [
                    {
                        "task": {"type": tag},
                        "dataset": {"name": record.dataset, "type": record.dataset, "split": split},
                        "metrics": [
                            {"type": name, "value": round(value, 4)}
                            for name, value in scored["metrics"].items()
                        ],
                    }
                ],
            }
        ]
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()]
    return "\n".join(["---", *lines, "---"])


def introduce(record: ModelFacts, checkpoint: Checkpoint | None) -> str:
    """What the model does and where it came from."""
    start = checkpoint.title if checkpoint else public_name(record.checkpoint)
    asked = get_task(record.task).card.asked or ("a pair of texts" if "text_b" in record.roles else "a text")
    return (
        f"Gives {asked} {name_answers(record)}.\n\n"
        f"Fine-tuned from {start} with Encoder Studio; {record.parameters:,} parameters, "
        f"{record.trainable_parameters:,} of them trained."
    )


def name_answers(record: ModelFacts) -> str:
    """What the model answers with."""
    shown = ", ".join(f"`{cell(label)}`" for label in record.labels[:LABELS_SHOWN])
    more = f" and {len(record.labels) - LABELS_SHOWN} more" if len(record.labels) > LABELS_SHOWN else ""
    return get_task(record.task).card.gives.format(labels=f"{len(record.labels)} labels: {shown}{more}")


def public_name(checkpoint: str) -> str:
    """What others may read of where training started: a folder of this machine by its own name alone.

    >>> public_name("google-bert/bert-base-cased"), public_name("/somewhere/our-encoder")
    ('google-bert/bert-base-cased', 'our-encoder')
    """
    return Path(checkpoint).name if Path(checkpoint).is_absolute() else checkpoint


def setting_rows(record: ModelFacts) -> list[list[str]]:
    """The recipe, a row for each field."""
    return [
        [name, public_name(value) if name == "checkpoint" else plain(value)]
        for name, value in record.recipe.items()
    ]


def describe_scores(reports: Mapping[str, Mapping[str, Any]], counted: str) -> list[str]:
    """Each split's sentence and numbers, then the labels of the last one, by what of them is ``counted``."""
    measured = {split: report for split, report in reports.items() if report["rows"]}
    if not measured:
        return ["It has not been scored on rows it did not see: how well it does is not known."]
    parts = []
    for split, report in measured.items():
        parts.append(f"**{SPLIT_TITLES.get(split, split)}**, {report['rows']:,} rows. {report['sentence']}")
        parts.append(table(["Metric", "Value", "95 % interval"], score_rows(report)))
    chosen = "test" if "test" in measured else list(measured)[-1]
    rows = [
        [
            label["label"],
            *(f"{label[name]:.3f}" for name in ("precision", "recall", "f1")),
            str(label["support"]),
        ]
        for label in measured[chosen]["per_label"][:LABELS_SHOWN]
    ]
    if rows:
        parts.append(f"By label, {SPLIT_TITLES.get(chosen, chosen).lower()} rows:")
        parts.append(table(["Label", "Precision", "Recall", "F1", counted.capitalize()], rows))
    return parts


def score_rows(report: Mapping[str, Any]) -> list[list[str]]:
    """Title, value and interval of each metric."""
    rows = []
    for name, value in report["metrics"].items():
        low, high = report["intervals"].get(name, (None, None))
        title = METRICS[name].title if name in METRICS else name
        rows.append([title, f"{value:.4f}", "" if low is None else f"{low:.4f} to {high:.4f}"])
    return rows


def describe_data(record: ModelFacts, reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Which dataset, without its texts."""
    scored = ", ".join(f"{report['rows']:,} {split} rows" for split, report in reports.items())
    held_back = f" Held back from training: {scored}." if scored else ""
    return (
        f"Dataset `{cell(record.dataset)}` (fingerprint `{record.dataset_fingerprint[:12]}`).{held_back} "
        "The texts themselves are not part of this folder."
    )


def describe_training(facts: CardFacts) -> str:
    """How training went, in a sentence or two."""
    record = facts.record
    best = f" The kept weights are those of epoch {record.best_epoch:g}." if record.best_epoch else ""
    return f"{facts.sentence}{best} Training and scoring took {record.seconds:,.0f} s.".strip()


def describe_loading(record: ModelFacts) -> str:
    """Code that gives the same answers as the studio."""
    length, card = record.recipe.get("max_length", 512), get_task(record.task).card
    pair = '{"text": "your text", "text_pair": "the second text"}'
    asked = '"your text"' if len(record.roles) == 1 else pair
    code = (
        "from transformers import pipeline\n\n"
        f'answer = pipeline("{card.tag}", "{FOLDER}")\n'
        f"print(answer({asked}, truncation=True, max_length={length}{card.options}))"
    )
    if card.code:
        code = card.code.format(folder=FOLDER, length=length)
    return (
        f"```python\n{code}\n```\n\n"
        "No remote code and no pickle is involved: the weights are in `model.safetensors`."
    )


def describe_limits(record: ModelFacts, reports: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the numbers above do not promise."""
    report = reports.get("test") or reports.get("validation") or {}
    task, length = get_task(record.task), record.recipe.get("max_length", 512)
    cut = f"Texts are cut after {length} tokens: what comes later is not read."
    if task.reads_all:
        less = "" if task.card.code_reads_all else "; the code above reads no more than the first of them"
        cut = f"A text is read {length} tokens at a time{less}."
    limits = [
        "The scores hold for texts like those of the dataset; on other texts it may do worse.",
        task.card.limit,
        cut,
    ]
    if calibration := report.get("calibration", {}).get("sentence"):
        limits.append(calibration)
    rare = [row["label"] for row in report.get("per_label", []) if 0 < row["support"] < FEW_ROWS]
    if rare:
        named = ", ".join(cell(label) for label in rare[:10]) + (" and others" if len(rare) > 10 else "")
        limits.append(f"Scored on fewer than {FEW_ROWS} {task.card.counted}, so uncertain: {named}.")
    limits += [cell(note) for note in report.get("notes", [])]
    return limits


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def cell(text: str) -> str:
    """Text that cannot break out of its table cell.

    >>> cell("a|b")
    'a\\\\|b'
    """
    return " ".join(str(text).split()).replace("|", "\\|").replace("`", "'")


def plain(value: Any) -> str:
    """A setting's value as a person would write it."""
    return "the checkpoint's own" if value is None else str(value)
