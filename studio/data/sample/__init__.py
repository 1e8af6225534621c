"""The built-in samples: one small table for each task, written for this project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SAMPLE_LICENCE = "Written for this project; Apache-2.0, like the rest of the repository."


@dataclass(frozen=True)
class Sample:
    """A file (UTF-8; CSV with a header, JSONL or SQuAD's JSON) of the package, and what its columns are."""

    name: str
    file: str
    roles: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(__file__).resolve().parent / self.file


# By task, each with a section in the README beside it.
SAMPLES = {
    "classification": Sample(
        "customer-messages", "customer_messages.csv", {"text": "message", "label": "intent"}
    ),
    "multilabel": Sample("pool-feedback", "pool_feedback.csv", {"text": "message", "labels": "topics"}),
    "regression": Sample("repair-requests", "repair_requests.csv", {"text": "message", "number": "urgency"}),
    "multiple-choice": Sample(
        "garden-replies",
        "garden_replies.csv",
        {"text": "question", "choices": "reply_1, reply_2, reply_3, reply_4, reply_5", "label": "right"},
    ),
    "token-classification": Sample(
        "notice-board", "notice_board.jsonl", {"text": "text", "tags": "entities"}
    ),
    "question-answering": Sample(
        "lantern-county",
        "lantern_county.json",
        {"question": "question", "context": "context", "answers": "answers"},
    ),
}
