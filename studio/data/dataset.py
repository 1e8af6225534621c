"""A dataset: an imported, immutable, fingerprinted table with roles and splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from studio.data.fixes import Step
from studio.data.problems import Problem
from studio.data.readers import ReaderReport


@dataclass(frozen=True)
class SplitDescription:
    """How the rows were divided; ``own_files`` names the splits that came as a file of their own."""

    ratios: tuple[float, float, float]
    seed: int
    stratified: bool = True
    kept_together: str = "same text"
    own_files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "ratios": list(self.ratios),
            "seed": self.seed,
            "stratified": self.stratified,
            "kept_together": self.kept_together,
            "own_files": dict(self.own_files),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SplitDescription:
        """Read what to_json wrote."""
        return cls(**{**value, "ratios": tuple(value["ratios"])})


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset without its rows.

    ``class_counts`` is {split: {label: rows}}; ``lengths`` is {role: {"characters" | "words": histogram}}
    of the training rows; ``split_fingerprints`` tells whether two datasets share the rows of a split;
    ``files`` is {split or "all": name of the file}. A dataset of a name has versions 1, 2, ...; ``parent``
    is the id of the version this one was made from by its ``steps``, None for an import.
    """

    id: str
    name: str
    task: str
    fingerprint: str
    roles: dict[str, str]
    labels: tuple[str, ...]
    rows: dict[str, int]
    reader: ReaderReport
    problems: tuple[Problem, ...]
    created_at: datetime
    class_counts: dict[str, dict[str, int]]
    lengths: dict[str, Any]
    split: SplitDescription
    split_fingerprints: dict[str, str]
    files: dict[str, str]
    version: int = 1
    parent: str | None = None
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The shape of CONTRACT section 1, and more keys."""
        return {
            "id": self.id,
            "name": self.name,
            "task": self.task,
            "fingerprint": self.fingerprint,
            "roles": dict(self.roles),
            "labels": list(self.labels),
            "rows": dict(self.rows),
            "reader": self.reader.to_json(),
            "problems": [problem.to_json() for problem in self.problems],
            "created_at": write_time(self.created_at),
            "class_counts": self.class_counts,
            "lengths": self.lengths,
            "split": self.split.to_json(),
            "split_fingerprints": dict(self.split_fingerprints),
            "files": dict(self.files),
            "version": self.version,
            "parent": self.parent,
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Dataset:
        """Read what to_json wrote."""
        return cls(
            **{
                **value,
                "labels": tuple(value["labels"]),
                "reader": ReaderReport.from_json(value["reader"]),
                "problems": tuple(Problem.from_json(problem) for problem in value["problems"]),
                "created_at": datetime.fromisoformat(value["created_at"]),
                "split": SplitDescription.from_json(value["split"]),
                "steps": tuple(Step.from_json(step) for step in value.get("steps", ())),
            }
        )


def write_time(moment: datetime) -> str:
    """RFC 3339 in UTC.

    >>> write_time(datetime(2026, 11, 2, 8, 30, tzinfo=UTC))
    '2026-11-02T08:30:00Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
