"""The tab Questions: how well they are answered by type and length of passage, and passages with answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import range_bar, share_with_interval
from studio.pages.highlight import marked_text
from studio.pages.results.chosen import Chosen, find_predictions
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.results.places import RowsAt
from studio.pages.words import words_of
from studio.results.questions import GivenAnswers
from studio.results.report import Report
from studio.tasks.question_answering import NO_ANSWER_TOLD, read_answers, show_answers

W = words_of("results")
PASSAGES_SHOWN = 20


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    groups = layout.html(elem_id="results-questions")
    passages = layout.html(elem_id="results-passages")

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            return no_report(chosen), layout.EMPTY
        return render_report(chosen.report), render_passages(
            find_predictions(desk.studio, chosen), chosen.rows_at
        )

    return Part([groups, passages], fill)


def render_report(report: Report) -> Markup:
    """When questions are left without an answer, and both tables."""
    head = layout.section(W.questions.title, report.sentences.get("threshold", ""))
    return head + layout.join(
        layout.section(W.questions[f"{name}_title"], W.questions[f"{name}_text"])
        + render_groups(report.questions.get(name, []), name)
        for name in ("by_question", "by_length")
    )


def render_groups(groups: Sequence[dict[str, Any]], name: str) -> Markup:
    """A line for each group of questions."""
    rows = [
        [
            name_group(name, group["key"]),
            fmt.count(group["rows"]),
            share_with_interval(group["exact_match"], *group["interval"]),
            range_bar(group["exact_match"], *group["interval"], ""),
            fmt.percent(group["f1"]),
        ]
        for group in groups
    ]
    columns = [
        W.questions[name],
        layout.Column(W.questions.rows, number=True),
        layout.Column(W.questions.exact, number=True, help=W.interval_help),
        "",
        layout.Column(W.questions.f1, number=True, help=W.questions.f1_help),
    ]
    return layout.table(columns, rows, label=W.questions[f"{name}_title"])


def name_group(name: str, key: str | int) -> str:
    """A type of question, or the words of passages, as people read it."""
    if name == "by_question":
        return str(W.question_types[str(key)])
    return str(W.questions.up_to.say(n=fmt.count(int(key))) if key else W.questions.longer)


def render_passages(predictions: GivenAnswers | None, rows_at: RowsAt) -> Markup:
    """The first questions that are not answered exactly, with both answers marked in their passages."""
    if predictions is None:
        return layout.notice("info", W.mistakes.gone, W.mistakes.gone_hint)
    wrong = [row for row, right in enumerate(predictions.right) if not right][:PASSAGES_SHOWN]
    if not wrong:
        return layout.EMPTY
    places = rows_at.show_rows(predictions, wrong)
    cases = layout.join(
        render_case(predictions, row, place) for row, place in zip(wrong, places, strict=True)
    )
    head = layout.section(W.questions.passages_title, W.questions.passages_text.count(len(wrong)))
    return head + Markup('<ul class="s-both-marked">{}</ul>').format(cases)


def render_case(predictions: GivenAnswers, row: int, place: Markup) -> Markup:
    """A question, the right and the given answer, and the passage with the given one marked."""
    found, context = predictions.found[row], predictions.asked["context"][row]
    right = next(iter(read_answers(predictions.true[row])), None)
    marks = [(right.start, right.end, str(W.questions.right))] if right else []
    if found["answer"] and not (right and right.start < found["end"] and found["start"] < right.end):
        marks.append((found["start"], found["end"], str(W.questions.given)))
    labels = [str(W.questions.right), str(W.questions.given)]
    return Markup(
        "<li><div><span>{}</span><p>{}</p></div><div><span>{}</span><p>{}</p></div>"
        "<div><span>{}</span><p>{}</p></div><div><span>{}</span>{}</div><div><span>{}</span><p>{}</p></div></li>"
    ).format(
        W.questions.question,
        predictions.asked["question"][row],
        W.questions.right,
        show_answers(predictions.true[row]),
        W.questions.given,
        found["answer"] or NO_ANSWER_TOLD,
        W.questions.passage,
        marked_text(context, marks, labels),
        W.cases.line,
        place,
    )
