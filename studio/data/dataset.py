"""A dataset: an imported, immutable, fingerprinted table with roles and splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from studio.data.fixes import FixChoice, Step, ignored_in, settled_in
from studio.data.problems import Problem
from studio.data.readers import ReaderReport
from studio.data.splits.plans import Kind, SplitPlan
from studio.errors import InvalidInput

# What reading could find in the first release, whose datasets do not say it themselves.
FIRST_READING_CODES = (
    *("duplicated_header", "padded_header", "unnamed_columns", "empty_rows", "lone_quote"),
    *("undecodable_bytes", "unsure_encoding", "control_characters", "too_few_fields", "too_many_fields"),
)


@dataclass(frozen=True)
class SplitDescription:
    """How the rows were divided; ``own_files`` names the splits that came as a file of their own.

    ``kind``, ``column``, ``folds`` and ``fold`` are those of the plan; ``notes`` are sentences about what was
    decided on the way.
    """

    ratios: tuple[float, float, float]
    seed: int
    stratified: bool = True
    kept_together: str = "same text"
    own_files: dict[str, str] = field(default_factory=dict)
    kind: Kind = "ratios"
    column: str | None = None
    folds: int = 0
    fold: int = 0
    notes: tuple[str, ...] = ()

    @property
    def plan(self) -> SplitPlan:
        """The plan by which the rows of the main file were divided."""
        return SplitPlan(
            self.kind, self.ratios, self.seed, self.column, self.stratified, self.folds or 5, self.fold
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **asdict(self),
            "ratios": list(self.ratios),
            "own_files": dict(self.own_files),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SplitDescription:
        """Read what to_json wrote, now or in an earlier release."""
        return cls(**{**value, "ratios": tuple(value["ratios"]), "notes": tuple(value.get("notes", ()))})


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset without its rows.

    ``class_counts`` is {split: {label: rows}}; ``lengths`` is {role: {"characters" | "words" | "values":
    histogram}} of the training rows; ``split_fingerprints`` tells whether two datasets share the rows of a
    split; ``files`` is {split or "all": name of the file}. A dataset of a name has versions 1, 2, ...;
    ``parent`` is the id of the version this one was made from by its ``steps``, None for an import. Bit i
    of the ``marks`` of a row says that it has the finding ``mark_codes[i]``; ``reading_codes`` are the
    findings that reading the file gave, which its later versions keep. ``answered`` are the findings about
    which a person has decided, each with what was decided.
    ``sketches`` is {split: a sample of its texts}, which tells how much two datasets share.
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
    sketches: dict[str, tuple[int, ...]] = field(default_factory=dict)
    mark_codes: tuple[str, ...] = ()
    reading_codes: tuple[str, ...] = FIRST_READING_CODES
    answered: tuple[FixChoice, ...] = ()

    @property
    def open_problems(self) -> tuple[Problem, ...]:
        """The findings about which nobody has decided yet."""
        answered = {choice.code for choice in self.answered}
        return tuple(problem for problem in self.problems if problem.code not in answered)

    @property
    def address(self) -> str:
        """The name that means this version and no later one, such as 'tickets@2'."""
        return f"{self.name}@{self.version}"

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
            "mark_codes": list(self.mark_codes),
            "reading_codes": list(self.reading_codes),
            "answered": [str(choice) for choice in self.answered],
            "sketches": {split: list(sketch) for split, sketch in self.sketches.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Dataset:
        """Read what to_json wrote, now or in an earlier release, where steps alone say what was decided."""
        steps = tuple(Step.from_json(step) for step in value.get("steps", ()))
        answered, decided = value.get("answered"), ignored_in if value.get("parent") else settled_in
        return cls(
            **{
                **value,
                "labels": tuple(value["labels"]),
                "reader": ReaderReport.from_json(value["reader"]),
                "problems": tuple(Problem.from_json(problem) for problem in value["problems"]),
                "created_at": datetime.fromisoformat(value["created_at"]),
                "split": SplitDescription.from_json(value["split"]),
                "steps": steps,
                "answered": decided(steps) if answered is None else tuple(map(FixChoice.parse, answered)),
                "mark_codes": tuple(value.get("mark_codes", ())),
                "reading_codes": tuple(value.get("reading_codes", FIRST_READING_CODES)),
                "sketches": {split: tuple(sketch) for split, sketch in value.get("sketches", {}).items()},
            }
        )


@dataclass(frozen=True)
class Profile:
    """What is found out of a dataset after its import, in the background.

    ``marks`` is {split: one int64 per row}, whose bit i means ``mark_codes[i]``; ``token_lengths`` is plain
    JSON, which belongs to those who count.
    """

    problems: tuple[Problem, ...] = ()
    mark_codes: tuple[str, ...] = ()
    marks: dict[str, np.ndarray] = field(default_factory=dict)
    token_lengths: dict[str, Any] = field(default_factory=dict)


def parse_address(address: str) -> tuple[str, int | None]:
    """The name and the version that is meant, None for the newest; InvalidInput where it is no number.

    >>> parse_address("tickets"), parse_address("tickets@2")
    (('tickets', None), ('tickets', 2))
    """
    name, at, number = address.partition("@")
    if not at:
        return name, None
    if not (number.isascii() and number.isdigit()):
        raise InvalidInput(
            f"'{address[:100]}' names no version of a dataset.",
            "Write the name, or the name, '@' and the number of a version, such as tickets@2.",
        )
    return name, int(number)


def write_time(moment: datetime) -> str:
    """RFC 3339 in UTC.

    >>> write_time(datetime(2026, 11, 2, 8, 30, tzinfo=UTC))
    '2026-11-02T08:30:00Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
