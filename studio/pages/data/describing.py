"""A dataset in numbers and words: tiles, facts, rows, lengths and splits; plain functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from studio.data.answers.number import TENTHS_FROM
from studio.data.answers.registry import kind_of
from studio.data.columns import NUMBER
from studio.numbers import short_number
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.links import link
from studio.pages.words import words_of
from studio.results.charts import ChartWithTable, draw_class_counts, draw_lengths, draw_numbers
from studio.tasks.question_answering import CONTEXT
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.data.readers import ReaderReport

W = words_of("data")
SPLITS = ("train", "validation", "test")
REPEATS = ("duplicate_text", "near_duplicate_text")


def overview_tiles(dataset: Dataset) -> list[layout.Tile]:
    """Rows, labels, length and findings at a glance."""
    words = word_lengths(dataset.lengths)
    found = len(dataset.open_problems)
    return [
        layout.Tile(
            W.overview.rows,
            fmt.count(sum(dataset.rows.values())),
            W.overview.rows_note.say(file=", ".join(dataset.files.values())),
        ),
        answers_tile(dataset),
        layout.Tile(
            W.overview.length,
            W.overview.length_value.count(round(words.get("median", 0))),
            W.overview.length_note.say(words=fmt.count(round(words.get("p95", 0)))),
        ),
        layout.Tile(
            W.overview.findings,
            fmt.count(found),
            findings_note(dataset),
        ),
    ]


def findings_note(dataset: Dataset) -> str:
    """Where the findings are, or that there is nothing to decide."""
    if dataset.open_problems:
        return str(W.overview.findings_note)
    return str(W.overview.decided_note if dataset.problems else W.overview.no_findings_note)


def answers_tile(dataset: Dataset) -> layout.Tile:
    """What there is to learn: how many labels, or between what the numbers lie."""
    values, counts = number_values(dataset.lengths), option_counts(dataset.lengths)
    if answered := answer_counts(dataset.lengths):
        note = W.overview.answered_note.count(answered["unanswered"])
        return layout.Tile(W.overview.answered, fmt.count(answered["answered"]), note)
    if counts:
        note = W.overview.options_note.say(places=fmt.count(len(counts["places"])))
        return layout.Tile(W.overview.options, write_counts(counts), note)
    if values:
        note = W.overview.numbers_note.say(median=short_number(values["median"]))
        return layout.Tile(W.overview.numbers, write_range(values), note)
    totals = label_totals(dataset.class_counts)
    commonest = max(totals, key=lambda label: totals[label], default="")
    share = totals[commonest] / max(1, sum(dataset.rows.values())) if commonest else 0.0
    note = W.overview.labels_note.say(label=fmt.shorten(commonest, 30), share=fmt.percent(share))
    return layout.Tile(W.overview.labels, fmt.count(len(dataset.labels)), note)


def name_answers(dataset: Dataset) -> str:
    """What there is to learn, within a sentence: '6 labels', 'numbers from 0 to 5', or '2 to 5 options'."""
    if answer_counts(dataset.lengths):
        return str(W.detail.answers_text)
    if counts := option_counts(dataset.lengths):
        return str(W.detail.options_text.say(counts=write_counts(counts)))
    values = number_values(dataset.lengths)
    if values:
        return str(
            W.detail.numbers_text.say(low=short_number(values["min"]), high=short_number(values["max"]))
        )
    return str(W.detail.labels_text.count(len(dataset.labels)))


def number_values(lengths: dict[str, Any]) -> dict[str, Any]:
    """The histogram of the numbers to be learnt; empty where labels are."""
    return next((dict(one["values"]) for one in lengths.values() if one.get("values")), {})


def option_counts(lengths: dict[str, Any]) -> dict[str, list[int]]:
    """How many rows have so many options, and the right one in which place; empty for other answers."""
    return next((dict(one) for one in lengths.values() if "places" in one), {})


def answer_counts(lengths: dict[str, Any]) -> dict[str, int]:
    """How many questions have an answer, and how many have none; empty for other answers."""
    return next((dict(one) for one in lengths.values() if "unanswered" in one), {})


def write_counts(counts: dict[str, list[int]]) -> str:
    """The fewest and the most options of a row.

    >>> write_counts({"options": [0, 4, 8]}), write_counts({"options": [0, 4]})
    ('2 to 3', '2')
    """
    there = [str(place) for place, rows in enumerate(counts["options"], 1) if rows]
    return there[0] if len(there) == 1 else str(W.overview.numbers_value.say(low=there[0], high=there[-1]))


def write_range(values: dict[str, Any]) -> str:
    """The least and the largest number.

    >>> write_range({"min": 0.0, "max": 4.75})
    '0 to 4.75'
    """
    return str(
        W.overview.numbers_value.say(low=short_number(values["min"]), high=short_number(values["max"]))
    )


def answers_chart(
    class_counts: dict[str, dict[str, int]], lengths: dict[str, Any], rows: int
) -> ChartWithTable:
    """How often each label, or number, occurs in so many rows, or which option is the right one."""
    values, counts = number_values(lengths), option_counts(lengths)
    if answered := answer_counts(lengths):
        named = {str(W.overview[name]): count for name, count in answered.items()}
        drawn = draw_class_counts(named)
        return ChartWithTable(drawn.chart, drawn.table, str(W.overview.answers_note))
    if counts:
        titles = (str(W.overview.option.say(n=place)) for place in range(1, len(counts["places"]) + 1))
        drawn = draw_class_counts(dict(zip(titles, counts["places"], strict=True)))
        return ChartWithTable(drawn.chart, drawn.table, str(W.overview.option_places))
    return draw_numbers(values) if values else draw_class_counts(class_counts, rows)


def overview_facts(dataset: Dataset, models: list[str]) -> list[tuple[str, str | Markup]]:
    """Where a dataset came from and who uses it."""
    roles = get_task(dataset.task).roles
    users = layout.join([layout.text_link(name, link("results", model=name)) for name in models], ", ")
    items: list[tuple[str, str | Markup]] = [
        (W.overview.files, ", ".join(dataset.files.values())),
        (W.overview.read_as, describe_reading(dataset.reader)),
        *((role.title, dataset.roles[role.key]) for role in roles if role.key in dataset.roles),
        (W.overview.when, layout.time_ago(dataset.created_at)),
        (W.overview.used_by, users or W.list.unused),
    ]
    if dataset.reader.rows_dropped:
        items.insert(2, (W.overview.left_out, fmt.count(dataset.reader.rows_dropped)))
    return items


def describe_reading(report: ReaderReport) -> str:
    """'UTF-8, separated by commas, column names in line 1', or 'Excel workbook, sheet “May”, ...'."""
    if report.format in W.layouts:
        return f"{W.layouts[report.format]}, {name_encoding(report.encoding or '')}"
    parts = [
        name_encoding(report.encoding)
        if report.encoding
        else str(W.formats.get(report.format, report.format)),
        W.file.separated.say(delimiter=name_delimiter(report.delimiter)) if report.delimiter else "",
        W.file.sheet_name.say(sheet=report.sheet) if report.sheet else "",
        describe_header(report) if report.delimiter or report.sheet else "",
    ]
    return ", ".join(filter(None, parts))


def describe_header(report: ReaderReport) -> str:
    """Where the names of the columns stand."""
    if not report.header:
        return str(W.file.header_no)
    first = report.header_line or 1
    if report.header_lines > 1:
        return W.file.header_many.say(first=first, last=first + report.header_lines - 1)
    return W.file.header_yes.say(line=first)


def name_encoding(encoding: str) -> str:
    """The name of an encoding as people know it."""
    return W.encodings.get(encoding, encoding.upper())


def name_delimiter(delimiter: str) -> str:
    """The name of a separator in the plural: 'commas'."""
    if delimiter in W.spoken_delimiters:
        return str(W.spoken_delimiters[delimiter])
    return W.spoken_delimiters.other.say(delimiter=delimiter)


def label_totals(class_counts: dict[str, dict[str, int]]) -> dict[str, int]:
    """Rows of each label over all splits."""
    totals: dict[str, int] = {}
    for counts in class_counts.values():
        for label, number in counts.items():
            totals[label] = totals.get(label, 0) + number
    return totals


def word_lengths(lengths: dict[str, Any]) -> dict[str, Any]:
    """The histogram in words of the first role that holds text; empty where none was measured."""
    first: dict[str, Any] = next(iter(lengths.values()), {})
    return dict(first.get("words", {}))


def lengths_chart(lengths: dict[str, Any]) -> ChartWithTable | None:
    """How many words the texts have; the open last bin is drawn as wide as the others."""
    words = word_lengths(lengths)
    if not sum(words.get("counts", ())):
        return None
    edges, counts = list(words["edges"]), words["counts"]
    width = edges[1] - edges[0]
    open_end = len(edges) > 2 and edges[-1] - edges[-2] > width
    if open_end:
        edges[-1] = edges[-2] + width
    bins = [
        {"low": low, "high": high, "count": number}
        for low, high, number in zip(edges, edges[1:], counts, strict=False)
    ]
    drawn = draw_lengths(bins)
    caption = W.overview.length_note.say(words=W.overview.length_value.count(round(words["p95"]))) + "."
    return ChartWithTable(drawn.chart, drawn.table, f"{caption} {W.overview.longer}" if open_end else caption)


def render_splits(dataset: Dataset) -> Markup:
    """How the rows were divided, and the rows of each label in each split."""
    counts = dataset.class_counts
    totals = label_totals(counts)
    columns = [W.splits_tab.label] + [
        layout.Column(title, number=True, help=help_text)
        for title, help_text in [(W.splits[split], W.split_help[split]) for split in SPLITS]
        + [(W.splits_tab.all, "")]
    ]
    rows: list[list[str | Markup]] = [
        [label, *(fmt.count(counts.get(split, {}).get(label, 0)) for split in SPLITS), fmt.count(number)]
        for label, number in totals.items()
    ]
    sums = [*(dataset.rows.get(split, 0) for split in SPLITS), sum(dataset.rows.values())]
    rows.append([Markup("<strong>{}</strong>").format(W.splits_tab.total), *map(fmt.count, sums)])
    missing = [label for label in totals if any(not counts.get(split, {}).get(label, 0) for split in SPLITS)]
    warning = W.splits_tab.missing.say(labels=", ".join(missing))
    return layout.join(
        [
            layout.paragraph(" ".join(filter(None, (describe_split(dataset), describe_outcome(dataset))))),
            layout.notice("warning", warning) if missing else layout.EMPTY,
            layout.table(columns, rows, label=W.splits_tab.table),
        ]
    )


def describe_split(dataset: Dataset) -> str:
    """How the rows were divided, in words."""
    split = dataset.split
    words = W.splits_tab
    shares = write_shares(planned_shares(dataset))
    drawn = split.kind in ("ratios", "groups", "folds") and " / " in shares
    facts = [
        (split.kind == "column", words.column.say(column=split.column)),
        (split.kind == "time", words.time.say(column=split.column, shares=shares)),
        (split.kind == "folds", words.folds.say(fold=split.fold + 1, folds=split.folds)),
        (drawn and split.kind != "folds", words.how.say(shares=shares, seed=split.seed)),
        (drawn and split.column, words.groups.say(column=split.column)),
        (drawn and split.stratified, describe_strata(dataset)),
    ]
    sentences = [str(sentence) for true, sentence in facts if true and sentence]
    sentences += [words.own.say(split=W.splits[part], file=file) for part, file in split.own_files.items()]
    return " ".join([*sentences, *split.notes])


def describe_strata(dataset: Dataset) -> str:
    """What has about the same share in every part; nothing where rows are divided by chance alone."""
    kind, words = kind_of(dataset.roles), W.splits_tab.strata
    if dataset.split.kind != "ratios" and not kind.single:
        return ""
    if kind.labels is not None:
        return str(words.labels)
    return str(words.numbers) if NUMBER in dataset.roles and sum(dataset.rows.values()) >= TENTHS_FROM else ""


def planned_shares(dataset: Dataset) -> dict[str, float]:
    """The share that each part should have of the rows that were divided."""
    split = dataset.split
    parts = zip(SPLITS, split.ratios, strict=True)
    return {part: share for part, share in parts if share and part not in split.own_files}


def write_shares(shares: Mapping[str, float]) -> str:
    """Shares beside the names of their parts."""
    return " / ".join(
        W.splits_tab.share.say(share=fmt.percent(share, digits=2), split=W.splits[part].lower())
        for part, share in shares.items()
    )


def describe_outcome(dataset: Dataset) -> str:
    """The shares as they came out and why, where they are off by more than a row; else nothing."""
    planned = planned_shares(dataset)
    rows = {part: dataset.rows.get(part, 0) for part in planned}
    total = sum(rows.values())
    off = max((abs(rows[part] - share * total) for part, share in planned.items()), default=0.0)
    if dataset.split.kind in ("column", "folds") or off <= 1:
        return ""
    shares = write_shares({part: number / total for part, number in rows.items()})
    return W.splits_tab.outcome.say(shares=shares, reasons=W.splits_tab.between.join(list_reasons(dataset)))


def list_reasons(dataset: Dataset) -> list[str]:
    """What kept the division from its shares, as far as the dataset tells."""
    split, words = dataset.split, W.splits_tab.reasons
    repeats = sum(each.count for each in dataset.problems if each.code in REPEATS)
    single = sum(number == 1 for number in label_totals(dataset.class_counts).values())
    reasons = [
        (dataset.parent is not None, words.later),
        (split.kind == "groups", words.groups.say(column=split.column)),
        (split.kind == "time", words.time),
        (CONTEXT.key in dataset.roles, words.passages),
        (repeats > 0, words.repeats.count(repeats)),
        (split.stratified and single > 0, words.single.count(single)),
    ]
    return [str(told) for true, told in reasons if true] or [str(words.whole)]
