"""Question answering: a question and a passage, in which the answer stands as a run of characters, or not.

A model says of each token that the answer begins there, or ends; the best of the spans that this makes is the
answer, unless "no answer" is better by more than a threshold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from studio.errors import InvalidInput
from studio.metrics.answers import NO_ANSWER, AnswerScores, best_threshold, score_answers
from studio.ragged import gather
from studio.tasks.answering.spans import Spans, Window, find_spans
from studio.tasks.answering.windows import aim_at, encode_windows, windows_in
from studio.tasks.base import (
    CONFIDENCE,
    PREDICTION,
    CardWords,
    Columns,
    Encoded,
    Role,
    Row,
    Task,
    Tuned,
)
from studio.tasks.classification import softmax

TAU, ALWAYS = "tau", "always_answers"
SHOWN_SPANS = 5
NONE = (-1, -1)
NO_ANSWER_TOLD = "no answer"
BETWEEN_ANSWERS = " | "


class Answer(NamedTuple):
    """A right answer: its first character in the passage, from 0, and its text."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """The character after its last."""
        return self.start + len(self.text)


class Truth(NamedTuple):
    """What was asked in a row, and the right answers to it, none where the passage has none."""

    question: str
    context: str
    answers: tuple[Answer, ...]


def read_answers(cell: str) -> list[Answer]:
    """The right answers of a row as a dataset keeps them, a JSON list; empty where there is none.

    >>> read_answers('[[5, "Rome"]]'), read_answers("[]")
    ([Answer(start=5, text='Rome')], [])
    """
    return [Answer(*answer) for answer in json.loads(cell)]


def write_answers(answers: Iterable[tuple[int, str]]) -> str:
    """Right answers as a dataset keeps them, each once, in their order.

    >>> write_answers([(5, "Rome"), (5, "Rome")])
    '[[5, "Rome"]]'
    """
    return json.dumps([[start, text] for start, text in dict.fromkeys(answers)], ensure_ascii=False)


def show_answers(cell: str) -> str:
    """The right answers of a row as people read them, each text once.

    >>> show_answers('[[5, "Rome"], [20, "Rome"], [5, "Rome, Italy"]]'), show_answers("[]")
    ('Rome | Rome, Italy', 'no answer')
    """
    return BETWEEN_ANSWERS.join(dict.fromkeys(text for _, text in read_answers(cell))) or NO_ANSWER_TOLD


QUESTION = Role("question", "Question", "The column with the question.", lines=2)
CONTEXT = Role("context", "Passage", "The column with the passage in which the answer stands, or not.")
ANSWERS = Role(
    "answers",
    "Answers",
    "The column with the right answer, or with a list of right ones; empty where the passage has none.",
    answer=True,
    shown=show_answers,
)


def check(columns: Columns, _labels: Sequence[str]) -> None:
    """Raise InvalidInput where no training question has an answer."""
    if not any(read_answers(cell) for cell in columns[ANSWERS.key]):
        raise InvalidInput(
            "No training question has an answer, so there is nothing to learn.",
            "Check that the answers were read from the right column.",
        )


def outputs(_labels: Sequence[str]) -> tuple[str, ...]:
    """The two numbers that the head gives a token: that the answer begins there, and that it ends."""
    return ("start", "end")


def no_labels(_outputs: Sequence[str]) -> tuple[str, ...]:
    """Answers are no labels."""
    return ()


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
    """Token ids of questions with their passages, not padded; long passages in several windows."""
    questions, passages = ([row[role.key] for row in rows] for role in (QUESTION, CONTEXT))
    return encode_windows(questions, passages, tokenizer, max_length)


def targets(columns: Columns, _labels: Sequence[str]) -> np.ndarray:
    """A Truth for each row, as an array of objects (rows,).

    Raises InvalidInput for an answer that does not stand where it is said to.
    """
    cells = (columns[role.key] for role in (QUESTION, CONTEXT, ANSWERS))
    truth = [
        Truth(question, context, tuple(read_answers(cell)))
        for question, context, cell in zip(*cells, strict=True)
    ]
    for row in truth:
        astray = [text for start, text in row.answers if not row.context.startswith(text, start)]
        if astray:
            raise InvalidInput(
                f"There is a row whose answer does not stand where it should: '{astray[0][:80]}'.",
                "Import the dataset again, so that its answers are checked.",
            )
    return gather(truth)  # type: ignore[arg-type]


def aim(truth: np.ndarray, about: np.ndarray) -> np.ndarray:
    """What the windows of each row are to give, by the first of its right answers."""
    firsts = (next(iter(row.answers), None) for row in truth)
    return aim_at([answer and (answer.start, answer.end) for answer in firsts], about)


def spans_of(outputs: np.ndarray) -> Spans:
    """The best spans of a row, of its outputs: start, end, and what is known about each token."""
    windows = windows_in(outputs[:, 2:].astype(np.int64))
    ends = np.cumsum([len(window) for window in windows])[:-1]
    logits = np.split(outputs[:, :2], ends)
    return find_spans(
        [
            Window(start=each[:, 0], end=each[:, 1], places=window[:, 1:])
            for each, window in zip(logits, windows, strict=True)
        ]
    )


def text_at(context: str, place: Sequence[float]) -> str:
    """The characters of a passage from one place to another; nothing for NONE.

    >>> text_at("in Rome", (3, 7)), text_at("in Rome", NONE)
    ('Rome', '')
    """
    start, end = int(place[0]), int(place[1])
    return context[start:end] if start >= 0 else NO_ANSWER


def score_texts(truth: Sequence[Truth], answers: Sequence[str]) -> AnswerScores:
    """Exact match and F1 of an answer to each row."""
    right = [[text for _, text in row.answers] for row in truth]
    return score_answers(answers, right, [row.question for row in truth])


def tune(outputs: np.ndarray, truth: np.ndarray) -> Tuned:
    """The threshold tau that gives the best F1: a span is the answer where its logit is above the logit of no
    answer plus tau.

    Where every question has an answer no question is left without one, and tau is 0.
    """
    if all(row.answers for row in truth):
        return {TAU: 0.0, ALWAYS: True}
    found = [spans_of(row) for row in outputs]
    best = [
        text_at(row.context, spans.places[0] if len(spans.places) else NONE)
        for row, spans in zip(truth, found, strict=True)
    ]
    threshold, _ = best_threshold(
        np.array([spans.null_minus_best for spans in found]),
        score_texts(list(truth), best).f1,
        score_texts(list(truth), [NO_ANSWER] * len(truth)).f1,
    )
    return {TAU: -threshold, ALWAYS: False}


def scores(outputs: np.ndarray, tuned: Tuned) -> np.ndarray:
    """What was found for each row: for each an array float64 (up to 6, 3) of start, end and score.

    The answer stands first, then the others of the best five spans, best first, and no answer, whose start
    and end are -1. Scores are probabilities among the 20 best spans and no answer, which has 0 where the
    model always answers: it never learnt what its score for none means.
    """
    return gather(rank(spans_of(row), tuned) for row in outputs)


def rank(spans: Spans, tuned: Tuned) -> np.ndarray:
    """The best spans and no answer with their scores, the one that tau decides for first.

    >>> spans = Spans(np.array([[0, 4]]), np.array([1.0]), 1.0)
    >>> rank(spans, {"tau": -0.5}).tolist(), rank(spans, {"tau": 0.5}).tolist()
    ([[0.0, 4.0, 0.5], [-1.0, -1.0, 0.5]], [[-1.0, -1.0, 0.5], [0.0, 4.0, 0.5]])
    >>> bool(rank(Spans(np.array([[0, 4]]), np.array([900.0]), 1.0), {})[-1, 2] > 0)
    True
    >>> rank(spans, {"tau": 0.0, "always_answers": True}).tolist()
    [[0.0, 4.0, 1.0], [-1.0, -1.0, 0.0]]
    """
    always = tuned.get(ALWAYS, False) and len(spans.logits) > 0
    probabilities = softmax(np.append(spans.logits, -np.inf if always else spans.null))
    if not always:
        probabilities[-1] = max(probabilities[-1], np.finfo(np.float64).tiny)
    table = np.column_stack([np.vstack([spans.places, NONE]), probabilities]).astype(np.float64)
    kept, none = table[:-1][:SHOWN_SPANS], table[-1:]
    # As best_threshold counts: what is just as good as the threshold is answered.
    is_answered = always or (len(kept) > 0 and spans.null_minus_best <= -tuned.get(TAU, 0.0))
    return np.vstack([kept, none] if is_answered else [none, kept])


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of which rows the same span, or no answer, is found."""
    pairs = zip(one, other, strict=True)
    return np.array([tuple(a[0, :2]) == tuple(b[0, :2]) for a, b in pairs], dtype=bool)


def measured(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each row has an answer, bool (rows,), and exact match and F1 of what was found, (rows, 2)."""
    answers = [text_at(row.context, spans[0]) for row, spans in zip(truth, found, strict=True)]
    scored = score_texts(list(truth), answers)
    return scored.has_answer, np.column_stack([scored.exact_match, scored.f1])


def describe(context: str, spans: np.ndarray) -> dict[str, Any]:
    """What was found in a passage: {answer, start, end, score, spans, no_answer}.

    >>> found = describe("in Rome", np.array([[3, 7, 0.75], [-1, -1, 0.25]]))
    >>> found["answer"], found["score"], found["no_answer"], found["spans"]
    ('Rome', 0.75, 0.25, [{'answer': 'Rome', 'start': 3, 'end': 7, 'score': 0.75}])
    """
    told = [
        {
            "answer": text_at(context, (start, end)),
            "start": max(0, int(start)),
            "end": max(0, int(end)),
            "score": score,
        }
        for start, end, score in spans.tolist()
    ]
    real = [one for one, (start, _, _) in zip(told, spans.tolist(), strict=True) if start >= 0]
    none = next(score for start, _, score in spans.tolist() if start < 0)
    return {**told[0], "spans": real, "no_answer": none}


def decode(
    outputs: np.ndarray, _labels: Sequence[str], tuned: Tuned, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """One ``{answer, start, end, score, spans, no_answer}`` a row.

    ``answer`` is the passage from ``start`` to before ``end``, and "" where there is none. ``spans`` are the
    five best {answer, start, end, score}, and ``no_answer`` is the score of none, 0 where the model always
    answers.
    """
    found = scores(outputs, tuned)
    return [describe(row[CONTEXT.key], spans) for row, spans in zip(rows, found, strict=True)]


def recode(
    answers: Sequence[Mapping[str, Any]], _labels: Sequence[str] = (), _rows: Sequence[Row] = ()
) -> np.ndarray:
    """The scores of answers to rows, as ``scores`` gives them.

    >>> found = np.array([[-1.0, -1.0, 0.75], [3.0, 7.0, 0.25]])
    >>> recode([describe("in Rome", found)])[0].tolist() == found.tolist()
    True
    """
    rows = []
    for answer in answers:
        spans = [[one["start"], one["end"], one["score"]] for one in answer["spans"]]
        none = [[*NONE, answer["no_answer"]]]
        rows.append(np.array(spans + none if answer["answer"] else none + spans, dtype=np.float64))
    return gather(rows)


def say(answer: Mapping[str, Any]) -> str:
    """The answer and how sure it is.

    >>> say({"answer": "Rome", "score": 0.973}), say({"answer": "", "score": 0.5})
    ('Rome (97.3 %)', 'no answer (50 %)')
    """
    return f"{answer['answer'] or NO_ANSWER_TOLD} ({100 * answer['score']:.3g} %)"


def columns(_labels: Sequence[str]) -> tuple[str, ...]:
    """The answer, how sure it is, and where it stands in the passage."""
    return (PREDICTION, CONFIDENCE, "start", "end")


def cells(found: np.ndarray, _labels: Sequence[str], rows: Sequence[Row]) -> list[list[str]]:
    """The answer, its score with six digits, and its places; the places are empty where there is none.

    >>> cells(gather([np.array([[3.0, 7.0, 0.75], [-1.0, -1.0, 0.25]])]), [], [{"context": "in Rome"}])
    [['Rome'], ['0.750000'], ['3'], ['7']]
    """
    firsts = [(int(spans[0, 0]), int(spans[0, 1]), spans[0, 2]) for spans in found]
    return [
        [text_at(row[CONTEXT.key], first[:2]) for row, first in zip(rows, firsts, strict=True)],
        [f"{score:.6f}" for _, _, score in firsts],
        [str(start) if start >= 0 else "" for start, _, _ in firsts],
        [str(end) if end >= 0 else "" for _, end, _ in firsts],
    ]


CODE = """\
import json

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = AutoModelForQuestionAnswering.from_pretrained("{folder}").eval()
tuned = json.load(open("{folder}/tuned.json"))
question, passage = "your question", "your passage"
given = tokenizer(
    question, passage, truncation="only_second", max_length={length}, stride={length} // 4,
    return_overflowing_tokens=True, padding=True, return_tensors="pt",
)
windows = given.encodings
del given["overflow_to_sample_mapping"]
with torch.no_grad():
    found = model(**given)
null, best, answer = float("inf"), float("-inf"), ""
for window, starts, ends in zip(windows, found.start_logits.tolist(), found.end_logits.tolist()):
    null = min(null, starts[0] + ends[0])
    part = [place for place, text in enumerate(window.sequence_ids) if text == 1]
    for first, last in ((a, b) for a in part for b in part if a <= b < a + 30):
        span = passage[window.offsets[first][0] : window.offsets[last][1]].strip()
        if span and starts[first] + ends[last] > best:
            best, answer = starts[first] + ends[last], span
# "No answer" has to be better by more than the threshold that was chosen on the validation rows.
print(answer if tuned["always_answers"] or best >= null + tuned["tau"] else "no answer")"""

QUESTION_ANSWERING = Task(
    key="question-answering",
    title="Answer questions",
    help="Answer a question with the words of a passage in which the answer stands, or say that none does.",
    roles=(QUESTION, CONTEXT, ANSWERS),
    head="question-answering",
    problem="question_answering",
    metrics=(
        "f1",
        "exact_match",
        "f1_has_answer",
        "exact_match_has_answer",
        "f1_no_answer",
        "exact_match_no_answer",
    ),
    watched=("f1", "exact_match"),
    primary_metric="f1",
    check=check,
    outputs=outputs,
    encode=encode,
    targets=targets,
    tune=tune,
    scores=scores,
    agree=agree,
    decode=decode,
    recode=recode,
    columns=columns,
    cells=cells,
    say=say,
    card=CardWords(
        gives="the words of the passage that answer the question, or that there are none",
        limit="An answer is always a run of words of the passage, of 30 tokens at most; it never counts, "
        "calculates or joins what stands apart.",
        tag="question-answering",
        asked="a question and a passage",
        code_reads_all=True,
        code=CODE,
    ),
    aim=aim,
    measured=measured,
    labels=no_labels,
    reads_all=True,
)
