"""What a task is: roles of columns, a head, how rows become numbers and numbers become answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Row = Mapping[str, str]
"""One row of a dataset as the tokenizer wants it: role -> text."""

Encoded = dict[str, list[list[int]]]
"""What a tokenizer gives, without padding: input_ids, attention_mask and perhaps token_type_ids."""

Encode = Callable[[Sequence[Row], Any, int], Encoded]
Decode = Callable[[np.ndarray, Sequence[str]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Role:
    """What a column is to a task."""

    key: str
    title: str
    help: str
    required: bool = True


@dataclass(frozen=True)
class Task:
    """A description that data, training, results and prediction all read.

    ``head`` names the kind of head put on the encoder; ``metrics`` are names in ``studio.metrics.registry``
    in the order they are shown; ``primary_metric`` decides which epoch is kept.
    """

    key: str
    title: str
    help: str
    roles: tuple[Role, ...]
    head: str
    metrics: tuple[str, ...]
    primary_metric: str
    encode: Encode
    decode: Decode

    def role(self, key: str) -> Role:
        """Return one role by its key; raises KeyError where the task has no such role."""
        return {role.key: role for role in self.roles}[key]

    @property
    def required_roles(self) -> tuple[str, ...]:
        """Keys of the roles without which nothing can be trained."""
        return tuple(role.key for role in self.roles if role.required)
