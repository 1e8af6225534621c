"""Every kind of answer: one line each."""

from __future__ import annotations

from collections.abc import Container, Iterable

import pandas as pd

from studio.data.answers.base import AnswerKind
from studio.data.answers.label_set import LABEL_SET
from studio.data.answers.number import ONE_NUMBER
from studio.data.answers.one_label import ONE_LABEL
from studio.data.answers.option import ONE_OPTION
from studio.data.answers.spans import ANSWER_SPANS
from studio.data.answers.tagged import TAGGED
from studio.data.columns import LABEL

# Of kinds with the same answer role, that which needs more roles stands first; and of kinds that a table may
# tell of, that which asks more of it.
KINDS = (ANSWER_SPANS, TAGGED, ONE_OPTION, LABEL_SET, ONE_NUMBER, ONE_LABEL)


def kind_of(roles: Container[str]) -> AnswerKind:
    """The kind of answer that these roles, or the columns of rows, have; one label where nothing tells."""
    fitting = (kind for kind in KINDS if all(role in roles for role in kind.roles))
    return next(fitting, ONE_LABEL)


def has_single_labels(roles: Container[str]) -> bool:
    """Whether each row has one label of a list, by the roles or the columns there are."""
    return LABEL in roles and kind_of(roles).single


def labels_in(rows: pd.DataFrame) -> Iterable[str]:
    """The labels that rows have, each once."""
    return list(kind_of(rows).labels_of(rows).unique())
