"""Multiple choice: a text, and two or more options of which one goes with it; how many may vary by row.

A model reads the text with each option alone and gives each a score; softmax over the options of a row makes
them shares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.literals import read_literal
from studio.tasks.base import (
    CONFIDENCE,
    OF_ROW,
    PREDICTION,
    CardWords,
    Columns,
    Encoded,
    Role,
    Row,
    Task,
    Tuned,
    tune_nothing,
)
from studio.tasks.classification import softmax
from studio.tasks.texts import TEXT

SCORE = "score"
OPTION = "option"
BETWEEN_OPTIONS = " | "
SEPARATORS = ("\n", "|", "；", ";")


def read_options(cell: str) -> list[str]:
    """The options of a row as a dataset keeps them, a JSON list.

    >>> read_options('["yes", "no"]')
    ['yes', 'no']
    """
    return [str(option) for option in json.loads(cell)]


def write_options(options: Sequence[str]) -> str:
    """Options as a dataset keeps them, in their order."""
    return json.dumps(list(options), ensure_ascii=False)


def show_options(cell: str) -> str:
    """The options of a row as people read them.

    >>> show_options('["yes", "no"]')
    'yes | no'
    """
    return BETWEEN_OPTIONS.join(read_options(cell))


def list_options(cell: str) -> str:
    """The options of a row, one on each line."""
    return "\n".join(read_options(cell))


def take_options(given: Any) -> str:
    """Options as a dataset keeps them, of a list, of its JSON, or of a text with a line or | for each.

    Raises InvalidInput for fewer than two.

    >>> take_options(["yes", "no"]), take_options("yes\\nno\\n"), take_options("yes | no")
    ('["yes", "no"]', '["yes", "no"]', '["yes", "no"]')
    """
    options = split_options(given) if isinstance(given, str) else texts_in(given) or []
    if len(options) < 2 or "" in options:
        raise InvalidInput(
            "There are no two options to choose from.", "Give two or more: a list, or one on each line."
        )
    return write_options(options)


def split_options(text: str) -> list[str]:
    """The options of a list, or of a text by the first sign that stands between some."""
    listed = read_list(text.strip())
    if listed is not None:
        return listed
    sign = next((sign for sign in SEPARATORS if sign in text.strip()), "\n")
    return [part.strip() for part in text.strip().split(sign) if part.strip()]


def read_list(text: str) -> list[str] | None:
    """The options of a list as JSON or Python write it, or of one under "text"; None where there is none.

    >>> read_list('["a", 1]'), read_list("['a', 'b']"), read_list("a | b")
    (['a', '1'], ['a', 'b'], None)
    >>> read_list('{"text": ["x", "y"], "label": ["A", "B"]}'), read_list('["a", null]')
    (['x', 'y'], None)
    """
    if not text.startswith(("[", "{")):
        return None
    found = read_literal(text)
    return texts_in(found.get("text") if isinstance(found, dict) else found)


def texts_in(found: Any) -> list[str] | None:
    """The texts and numbers of a list without blanks around them; None where it is none, or holds others."""
    plain = isinstance(found, list) and all(isinstance(each, str | int | float) for each in found)
    return [str(each).strip() for each in found] if plain else None


CHOICES = Role(
    "choices",
    "Options",
    "The columns that hold an option each, with commas between; or one column with a list.",
    shown=show_options,
    written=list_options,
    read=take_options,
    blank=("...", "..."),
    least="two options",
    lines=5,
)
ANSWER = Role(
    "label",
    "Right option",
    "The column that says which option is right: its number, its letter, its column, or the option itself.",
    answer=True,
)


def apart(row: Row) -> list[Row]:
    """The text of a row with each of its options.

    >>> apart({"text": "Is it?", "choices": '["yes", "no"]'})
    [{'text': 'Is it?', 'option': 'yes'}, {'text': 'Is it?', 'option': 'no'}]
    """
    return [{TEXT.key: row[TEXT.key], OPTION: option} for option in read_options(row[CHOICES.key])]


def check(columns: Columns, _labels: Sequence[str]) -> None:
    """Raise InvalidInput where no training row has two options."""
    if not any(len(read_options(cell)) > 1 for cell in columns[CHOICES.key]):
        raise InvalidInput(
            "No training row has two options, so there is nothing to choose.",
            "Check that the options were read from the right columns.",
        )


def outputs(_labels: Sequence[str]) -> tuple[str, ...]:
    """The one score that the head gives an option."""
    return (SCORE,)


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
    """Token ids of each option with its text, those of the first row first; cut to a length, not padded.

    Of text and option the longer one is cut, token by token.
    """
    pairs = [part for row in rows for part in apart(row)]
    of_row = [number for number, row in enumerate(rows) for _ in read_options(row[CHOICES.key])]
    if not pairs:
        return {"input_ids": [], "attention_mask": [], OF_ROW: of_row}
    texts, options = [pair[TEXT.key] for pair in pairs], [pair[OPTION] for pair in pairs]
    given = tokenizer(texts, options, truncation=True, max_length=max_length, padding=False)
    return {**given, OF_ROW: of_row}


def targets(columns: Columns, _labels: Sequence[str]) -> np.ndarray:
    """Which option is right, counted from 0, int64 (rows,); InvalidInput where a row has no such option."""
    found = []
    for cell, options in zip(columns[ANSWER.key], map(read_options, columns[CHOICES.key]), strict=True):
        if cell not in options:
            raise InvalidInput(
                f"There is a row whose right option, '{cell[:80]}', is none of its options.",
                "Import the dataset again, so that its options are checked.",
            )
        found.append(options.index(cell))
    return np.array(found, dtype=np.int64)


def scores(outputs: np.ndarray, _tuned: Tuned) -> np.ndarray:
    """The share of each option, float64 (rows, most options); 0 for those that a row has not."""
    return softmax(outputs)


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of which rows the same option is chosen, of shares (rows, most options)."""
    return np.asarray(one.argmax(axis=1) == other.argmax(axis=1))


def decode(
    outputs: np.ndarray, _labels: Sequence[str], tuned: Tuned, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """One ``{choice, index, confidence, probabilities}`` a row: the option, its number from 0, all shares.

    >>> decode(np.array([[0.0, 1000.0, -np.inf]]), [], {}, [{"text": "Is it?", "choices": '["yes", "no"]'}])
    [{'choice': 'no', 'index': 1, 'confidence': 1.0, 'probabilities': [0.0, 1.0]}]
    """
    found = []
    for shares, row in zip(scores(outputs, tuned), rows, strict=True):
        options = read_options(row[CHOICES.key])
        own = shares[: len(options)]
        found.append(
            {
                "choice": options[int(own.argmax())],
                "index": int(own.argmax()),
                "confidence": float(own.max()),
                "probabilities": own.tolist(),
            }
        )
    return found


def recode(
    answers: Sequence[Mapping[str, Any]], _labels: Sequence[str] = (), _rows: Sequence[Row] = ()
) -> np.ndarray:
    """The shares of answers, (answers, most options).

    >>> recode([{"probabilities": [0.25, 0.75]}, {"probabilities": [1.0]}], [])
    array([[0.25, 0.75],
           [1.  , 0.  ]])
    """
    width = max((len(answer["probabilities"]) for answer in answers), default=0)
    found = np.zeros((len(answers), width))
    for row, answer in zip(found, answers, strict=True):
        row[: len(answer["probabilities"])] = answer["probabilities"]
    return found


def say(answer: Mapping[str, Any]) -> str:
    """The option and how sure it is.

    >>> say({"choice": "no", "index": 1, "confidence": 0.973})
    'no (97.3 %)'
    """
    return f"{answer['choice']} ({100 * answer['confidence']:.3g} %)"


def columns(_labels: Sequence[str]) -> tuple[str, ...]:
    """The option and how sure it is."""
    return (PREDICTION, CONFIDENCE)


def cells(shares: np.ndarray, _labels: Sequence[str], rows: Sequence[Row]) -> list[list[str]]:
    """The option, and its share with six digits, of shares (rows, most options).

    >>> cells(np.array([[0.25, 0.75]]), [], [{"text": "Is it?", "choices": '["yes", "no"]'}])
    [['no'], ['0.750000']]
    """
    best = shares.argmax(axis=1) if len(shares) else []
    chosen = [read_options(row[CHOICES.key])[place] for row, place in zip(rows, best, strict=True)]
    return [chosen, [f"{share:.6f}" for share in shares.max(axis=1, initial=0.0)]]


CODE = """\
from transformers import AutoModelForMultipleChoice, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = AutoModelForMultipleChoice.from_pretrained("{folder}").eval()
text, options = "your text", ["one option", "another option"]
given = tokenizer(
    [text] * len(options), options, truncation=True, max_length={length}, padding=True, return_tensors="pt"
)
logits = model(**{{name: part.unsqueeze(0) for name, part in given.items()}}).logits[0]
print(options[logits.argmax()], logits.softmax(0).tolist())"""

MULTIPLE_CHOICE = Task(
    key="multiple-choice",
    title="Choose an option",
    help="Choose which of several options goes with a text, such as the reply to a question.",
    roles=(TEXT, CHOICES, ANSWER),
    head="multiple-choice",
    problem="multiple_choice",
    metrics=("accuracy",),
    watched=("accuracy",),
    primary_metric="accuracy",
    check=check,
    outputs=outputs,
    encode=encode,
    targets=targets,
    tune=tune_nothing,
    scores=scores,
    agree=agree,
    decode=decode,
    recode=recode,
    columns=columns,
    cells=cells,
    say=say,
    card=CardWords(
        gives="which of several options goes with it",
        limit="It always chooses one of the options it is given, also where none fits.",
        tag="multiple-choice",
        code=CODE,
    ),
    apart=apart,
)
