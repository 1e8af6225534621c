"""The same model, rows and recipe trained by a plain transformers script, without the studio's code."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from scipy.stats import spearmanr
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
from transformers import (
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForMultipleChoice,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)

from bench.quality.plain_spans import SpanWindow, answer_f1, best_answers, cut_windows

IGNORED = -100


def score(found: EvalPrediction, split: str) -> dict[str, float]:
    """Accuracy of logits over labels or options, or Spearman's correlation of numbers."""
    outputs, targets = np.asarray(found.predictions), np.asarray(found.label_ids)
    if outputs.shape[-1] == 1:
        return {"spearman": float(spearmanr(outputs[:, 0], targets).statistic)}
    return {"accuracy": float((outputs.argmax(axis=-1) == targets).mean())}


@dataclass(frozen=True)
class Problem:
    """What a table asks of transformers: the rows of each split, a model with its head, and how to pad.

    ``score`` is given what was found and the split.
    """

    splits: dict[str, Dataset]
    model: Any
    collator: Any
    metric: str = "accuracy"
    score: Callable[[EvalPrediction, str], dict[str, float]] = score


def read_rows(frame: pd.DataFrame, tokenizer: Any, max_length: int) -> tuple[dict[str, Dataset], int]:
    """The rows of each split, tokenised, and how many outputs the head needs."""
    if "number" in frame:
        frame["labels"], outputs = frame["number"].astype(float), 1
    else:
        names = sorted(set(frame["label"]))
        frame["labels"], outputs = frame["label"].map(names.index), len(names)
    texts = [name for name in ("text", "text_b") if name in frame]

    def encode(rows: dict[str, list[str]]) -> Any:
        return tokenizer(*(rows[name] for name in texts), truncation=True, max_length=max_length)

    splits = {}
    for split, part in frame.groupby("split"):
        rows = Dataset.from_pandas(part[[*texts, "labels"]], preserve_index=False)
        splits[str(split)] = rows.map(encode, batched=True, remove_columns=texts)
    return splits, outputs


def read_options(table: pd.DataFrame, checkpoint: Path, tokenizer: Any, max_length: int) -> Problem:
    """Rows of options to choose from, each with the text."""

    def encode(text: str, options: list[str]) -> dict[str, Any]:
        return dict(tokenizer([text] * len(options), options, truncation=True, max_length=max_length))

    splits = {}
    for split, part in table.groupby("split"):
        options = [json.loads(cell) for cell in part["choices"]]
        rows = [encode(text, given) for text, given in zip(part["text"], options, strict=True)]
        right = [given.index(cell) for cell, given in zip(part["label"], options, strict=True)]
        made = [{**row, "labels": place} for row, place in zip(rows, right, strict=True)]
        splits[str(split)] = Dataset.from_list(made)
    model = AutoModelForMultipleChoice.from_pretrained(checkpoint)
    return Problem(splits, model, DataCollatorForMultipleChoice(tokenizer))


def read_tags(table: pd.DataFrame, checkpoint: Path, tokenizer: Any, max_length: int) -> Problem:
    """Texts with entities, the first token of each word labelled; a text that is too long is cut."""
    entities = {cell: json.loads(cell) for cell in table["tags"].unique()}
    types = sorted({label for found in entities.values() for _, _, label in found})
    names = ["O", *(f"{part}-{label}" for label in types for part in "BI")]

    def encode(text: str, found: list[list[Any]]) -> dict[str, Any]:
        given = tokenizer(text, truncation=True, max_length=max_length, return_offsets_mapping=True)
        begins = {match.start() for match in re.finditer(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+|\S", text)}
        labels = [IGNORED] * len(given["input_ids"])
        for place, (start, end) in enumerate(given.pop("offset_mapping")):
            if start in begins and end > start:
                own = next((one for one in found if one[0] <= start < one[1]), None)
                labels[place] = names.index(f"{'BI'[start > own[0]]}-{own[2]}") if own else 0
        return {**given, "labels": labels}

    def score_tags(found: EvalPrediction, split: str) -> dict[str, float]:
        right = [[names[tag] for tag in row if tag != IGNORED] for row in found.label_ids]
        answers = np.asarray(found.predictions).argmax(axis=-1)
        given = [
            [names[answer] for answer, tag in zip(*rows, strict=True) if tag != IGNORED]
            for rows in zip(answers, found.label_ids, strict=True)
        ]
        return {"f1": float(f1_score(right, given, mode="strict", scheme=IOB2))}

    splits = {
        str(split): Dataset.from_list(
            [encode(text, entities[cell]) for text, cell in zip(part["text"], part["tags"], strict=True)]
        )
        for split, part in table.groupby("split")
    }
    model = AutoModelForTokenClassification.from_pretrained(checkpoint, num_labels=len(names))
    return Problem(splits, model, DataCollatorForTokenClassification(tokenizer), "f1", score_tags)


def read_questions(table: pd.DataFrame, checkpoint: Path, tokenizer: Any, max_length: int) -> Problem:
    """Questions with their passages, long ones in windows that overlap; a span, or the first token."""
    windows: dict[str, list[SpanWindow]] = {}
    splits, some_have_none = {}, "[]" in set(table["answers"])
    for split, part in table.groupby("split"):
        answers = [json.loads(cell) for cell in part["answers"]]
        asked = part["question"].tolist(), part["context"].tolist()
        windows[str(split)] = cut_windows(*asked, answers, tokenizer, max_length)
        splits[str(split)] = Dataset.from_list([window.inputs for window in windows[str(split)]])

    def score_spans(found: EvalPrediction, split: str) -> dict[str, float]:
        right = [[text for _, text in json.loads(cell)] for cell in table["answers"][table["split"] == split]]
        starts, ends = found.predictions
        answers = best_answers(windows[split], starts, ends, len(right), some_have_none)
        return {"f1": mean(answer_f1(*pair) for pair in zip(answers, right, strict=True))}

    model = AutoModelForQuestionAnswering.from_pretrained(checkpoint)
    return Problem(splits, model, DataCollatorWithPadding(tokenizer), "f1", score_spans)


def read_problem(table: Path, checkpoint: Path, tokenizer: Any, max_length: int) -> Problem:
    """The rows of a table, and what is needed to learn from them."""
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    if "choices" in frame:
        return read_options(frame, checkpoint, tokenizer, max_length)
    if "tags" in frame:
        return read_tags(frame, checkpoint, tokenizer, max_length)
    if "answers" in frame:
        return read_questions(frame, checkpoint, tokenizer, max_length)
    splits, outputs = read_rows(frame, tokenizer, max_length)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=outputs)
    metric = "spearman" if outputs == 1 else "accuracy"
    return Problem(splits, model, DataCollatorWithPadding(tokenizer), metric)


def train(
    table: Path, checkpoint: Path, recipe: dict[str, Any], folder: Path, bf16: bool
) -> dict[str, float]:
    """Metrics on the test rows of the epoch that was best on the validation rows.

    The recipe's ``head_factor`` has no like in TrainingArguments and is left out.
    """
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    problem = read_problem(table, checkpoint, tokenizer, recipe["max_length"])
    arguments = TrainingArguments(
        output_dir=str(folder), num_train_epochs=recipe["epochs"], learning_rate=recipe["learning_rate"],
        per_device_train_batch_size=recipe["batch_size"], per_device_eval_batch_size=64,
        weight_decay=recipe["weight_decay"], lr_scheduler_type=recipe["schedule"],
        warmup_steps=recipe["warmup_share"], max_grad_norm=recipe["gradient_clipping"],
        seed=recipe["seed"], eval_strategy="epoch", save_strategy="epoch", save_total_limit=1,
        load_best_model_at_end=True, metric_for_best_model=problem.metric,
        bf16=bf16, use_cpu=not torch.cuda.is_available(),
        report_to=[], disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    trainer = Trainer(
        problem.model,
        arguments,
        data_collator=problem.collator,
        train_dataset=problem.splits["train"],
        eval_dataset=problem.splits["validation"],
        compute_metrics=partial(problem.score, split="validation"),
    )
    trainer.train()
    trainer.compute_metrics = partial(problem.score, split="test")
    return {
        name.removeprefix("test_"): value
        for name, value in trainer.evaluate(problem.splits["test"], metric_key_prefix="test").items()
    }


def main() -> int:
    """Print the metrics as one line of JSON, the last of what is printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="CSV with the columns of the roles, and split")
    parser.add_argument("checkpoint", type=Path, help="folder of the encoder")
    parser.add_argument("recipe", help="JSON of the recipe's fields")
    parser.add_argument("folder", type=Path, help="where Trainer keeps its epochs")
    parser.add_argument("--bf16", action="store_true", help="compute in bf16, as the studio does here")
    options = parser.parse_args()
    recipe = json.loads(options.recipe)
    print(json.dumps(train(options.table, options.checkpoint, recipe, options.folder, options.bf16)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
