"""Which models have a compiled form, and what it cost and gained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, update

from studio.records.tables import models


@dataclass(frozen=True)
class CompiledForm:
    """A model's form that was compiled to answer faster, measured against the plain one.

    ``id`` is that of the job that made it, ``kind`` is float or int8. Of ``rows`` rows of ``split``,
    ``agreement`` is the share that got the same label; ``loss`` is what ``metric`` lost on them, in its own
    unit (0.005 is half a point of accuracy; below 0 where it gained). ``file_speed`` and ``text_speed`` tell
    how many times as fast those texts were answered, many together and one by one.
    """

    id: str
    kind: str
    split: str
    rows: int
    agreement: float
    metric: str
    loss: float
    file_speed: float
    text_speed: float
    size_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CompiledForm:
        """Read what to_json wrote."""
        return cls(**value)


def set_form_in(connection: Connection, model_id: str, form: CompiledForm | None) -> None:
    """Remember which form a model answers by (None: its plain one), within a transaction."""
    value = None if form is None else form.to_json()
    connection.execute(update(models).where(models.c.id == model_id).values(compiled=value))
