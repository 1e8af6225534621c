"""Load an encoder with its head and tokenizer from a folder; with conversion.py the one place with torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)
from transformers.utils import logging

from studio.checkpoints.inspect import describe_folder
from studio.checkpoints.resolve import pickle_error
from studio.checkpoints.store import read_note
from studio.checkpoints.tokens import lowers_case
from studio.errors import InvalidInput
from studio.tasks.registry import get_task

# By the head that a task names.
HEADS = {
    "sequence-classification": AutoModelForSequenceClassification,
    "multiple-choice": AutoModelForMultipleChoice,
    "token-classification": AutoModelForTokenClassification,
    "question-answering": AutoModelForQuestionAnswering,
}
# Heads that are alike, whatever their outputs are called.
ALIKE = {
    AutoModelForMultipleChoice: "ForMultipleChoice",
    AutoModelForQuestionAnswering: "ForQuestionAnswering",
}
# By the problem of a task without labels: what its head gives.
WITHOUT_LABELS = {
    "regression": "a number",
    "multiple_choice": "the score of an option",
    "question_answering": "where an answer begins and ends",
}
NOT_IN_EVERY_FILE = ("pooler.", "position_ids", "token_type_ids")
FETCH_AGAIN = (
    "Its files do not belong together, or are not whole. Fetch it again, or choose another checkpoint."
)


@dataclass(frozen=True)
class LoadedEncoder:
    """A model with the head the task needs, its tokenizer, and sentences on what was done to get there.

    ``keeps_head``: the head is the one that the checkpoint came with, trained for the same outputs.
    """

    model: Any
    tokenizer: Any
    notes: list[str]
    keeps_head: bool


def load_encoder(folder: Path, task: str, labels: Sequence[str]) -> LoadedEncoder:
    """Load the encoder in ``folder`` with a head for a task and its ``labels``, in their order, in float32.

    A head that was trained for the same outputs is kept; any other is replaced by a new one, drawn from
    torch's random numbers, and a note says so. Raises InvalidInput where the folder is none the studio can
    train, or its weights are not those of the encoder that its config.json describes.
    """
    if describe_folder(folder).pickle_only:
        raise pickle_error(folder.name)
    try:
        described = get_task(task)
        gives = None if labels else WITHOUT_LABELS.get(described.problem)
        return read_encoder(folder, HEADS[described.head], described.outputs(labels), gives)
    except (SafetensorError, OSError) as error:
        raise InvalidInput(
            f"The files of '{folder.name}' cannot be read: {str(error).splitlines()[0]}.", FETCH_AGAIN
        ) from error


def read_encoder(folder: Path, head: Any, outputs: Sequence[str], gives: str | None) -> LoadedEncoder:
    """Do the work of ``load_encoder``; ``gives`` are the words for outputs that are no labels."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    same = head in ALIKE and has_head(config, ALIKE[head])
    known = list(outputs) if same else known_labels(config)
    config.id2label = dict(enumerate(outputs))
    config.label2id = {name: index for index, name in enumerate(outputs)}
    with quiet_transformers():
        model, info = head.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    refuse_missing_weights(folder, model, info)
    note = read_note(folder)
    keeps_head, sentence = renew_head(model, info, known, list(outputs), gives)
    notes = [*(note.notes if note else ()), sentence]
    return LoadedEncoder(model, load_tokenizer(folder), notes, keeps_head)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the library's report on a new head out of the log: the notes say it in words."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def known_labels(config: Any) -> list[str]:
    """Return the labels a config.json was written with, in the order of their ids."""
    return [config.id2label[index] for index in sorted(config.id2label)]


def has_head(config: Any, kind: str) -> bool:
    """Whether a config.json was written with a head of this kind, such as ForMultipleChoice."""
    return any(name.endswith(kind) for name in config.architectures or ())


def encoder_prefix(model: Any) -> str:
    """Return how the names of the encoder's own weights start; all others are the head's."""
    return f"{model.base_model_prefix}."


def refuse_missing_weights(folder: Path, model: Any, info: dict[str, Any]) -> None:
    """Raise InvalidInput where part of the encoder itself would start from random numbers."""
    inside = encoder_prefix(model)
    mismatched = [key[0] if isinstance(key, tuple) else key for key in info["mismatched_keys"]]
    lost = [name for name in (*info["missing_keys"], *mismatched) if name.startswith(inside)]
    lost = [name for name in lost if not any(part in name for part in NOT_IN_EVERY_FILE)]
    if lost:
        raise InvalidInput(
            f"The weights in '{folder.name}' lack {len(lost)} parts of the encoder, such as {min(lost)}.",
            FETCH_AGAIN,
        )


def renew_head(
    model: Any, info: dict[str, Any], known: list[str], outputs: list[str], gives: str | None
) -> tuple[bool, str]:
    """Give the model a new head unless its own is for these outputs; tell whether it kept it, and a note."""
    inside = encoder_prefix(model)
    what = gives or f"{len(outputs)} label{'' if len(outputs) == 1 else 's'}"
    names = {name for name, _ in model.named_parameters() if not name.startswith(inside)}
    if names <= set(info["missing_keys"]):
        return False, f"It gets a new head for {what}."
    if known == outputs:
        same = f"{gives} too" if gives else "the same labels"
        return True, f"It keeps its head, which was trained for {same}."
    fresh = dict(type(model)(model.config).named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in names:
                parameter.copy_(fresh[name])
    return False, f"It gets a new head for {what}, as its own was trained for {len(known)} others."


def load_tokenizer(folder: Path) -> Any:
    """Load the fast tokenizer of a folder, with the truncation and padding it may carry switched off."""
    settings: dict[str, Any] = {}
    if (folder / "vocab.txt").is_file() and not (folder / "tokenizer.json").is_file():
        settings["do_lower_case"] = lowers_case(folder)
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, use_fast=True, trust_remote_code=False, **settings
    )
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return tokenizer
