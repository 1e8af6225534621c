"""The rows of a dataset as they are looked through and corrected: filters, one page, the draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from studio.data.answers.registry import has_single_labels
from studio.data.browsing import RowQuery
from studio.data.editing import Edit
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import long_text, shown_label
from studio.pages.data.findings import name_finding
from studio.pages.links import link
from studio.pages.words import words_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.data.browsing import RowPage
    from studio.data.dataset import Dataset

W = words_of("data")
ROWS_A_PAGE = 50
SPLITS = ("train", "validation", "test")
EDIT, CLOSE, SET, DROP, MOVE = "edit", "close", "set", "drop", "move"
SAVE, DISCARD, UNDO = "save", "discard", "undo"


@dataclass(frozen=True)
class Filters:
    """What the fields above the rows hold, in their order; nothing means any."""

    split: str | None = None
    label: str | None = None
    finding: str | None = None
    shortest: float | None = None
    longest: float | None = None
    search: str | None = None
    line: float | None = None
    page: float | None = None

    def query(self) -> RowQuery:
        """The question to the dataset.

        >>> Filters("test", "", None, 3.0, None, " refund ").query()
        RowQuery(split='test', label=None, finding=None, shortest=3, longest=None, search='refund', line=None)
        """
        return RowQuery(
            split=self.split or None,
            label=self.label or None,
            finding=self.finding or None,
            shortest=None if self.shortest is None else int(self.shortest),
            longest=None if self.longest is None else int(self.longest),
            search=(self.search or "").strip(),
            line=None if self.line is None else int(self.line),
        )

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered at all."""
        return self.query() != RowQuery()

    def asked(self) -> dict[str, object]:
        """The filters as they stand in an address.

        >>> Filters("test", search="refund", page=1).asked()
        {'split': 'test', 'search': 'refund'}
        """
        values = {
            "split": self.split,
            "label": self.label,
            "finding": self.finding,
            "shortest": None if self.shortest is None else int(self.shortest),
            "longest": None if self.longest is None else int(self.longest),
            "search": (self.search or "").strip(),
            "line": None if self.line is None else int(self.line),
            "page": int(self.page) if self.page and self.page > 1 else None,
        }
        return {name: value for name, value in values.items() if value not in (None, "")}

    @classmethod
    def of_address(cls, asked: Mapping[str, str | None]) -> Filters:
        """The filters that an address asks for; a number that is none is left out.

        >>> found = Filters.of_address({"label": "spam", "shortest": "ten", "page": "3"})
        >>> found.label, found.shortest, found.page
        ('spam', None, 3)
        """
        numbers = {
            name: int(text) if (text := asked.get(name) or "").isdecimal() else None
            for name in ("shortest", "longest", "line", "page")
        }
        split = asked.get("split")
        return cls(
            split=split if split in SPLITS else None,
            label=asked.get("label") or None,
            finding=asked.get("finding") or None,
            search=asked.get("search") or None,
            **numbers,
        )


def turn_page(rows: int, page: float | None) -> tuple[int, int]:
    """Offset of the first row and number of a page, kept within the limits.

    >>> turn_page(120, 1), turn_page(120, 9), turn_page(0, 1), turn_page(120, -3)
    ((0, 1), (100, 3), (0, 1), (0, 1))
    """
    last = max(1, -(-rows // ROWS_A_PAGE))
    page = min(max(1, int(page or 1)), last)
    return (page - 1) * ROWS_A_PAGE, page


def read_place(text: str) -> tuple[str, int]:
    """The split and the index of a row that a button names.

    >>> read_place("validation:12")
    ('validation', 12)
    """
    split, _, index = text.partition(":")
    return split, int(index)


def read_edit(pick: str, fields: Mapping[str, str]) -> Edit | None:
    """The correction that a button of a row asks for, or None where it is another button.

    >>> read_edit("set:test:3", {"label": "spam", "new": " "})
    Edit(split='test', index=3, action='set_label', value='spam', new_label=False)
    >>> read_edit("move:test:3:train", {}).value, read_edit("drop:test:3", {}).action
    ('train', 'drop')
    """
    verb, _, place = pick.partition(":")
    if verb == MOVE:
        place, _, target = place.rpartition(":")
        return Edit(*read_place(place), "move", target)
    if verb == DROP:
        return Edit(*read_place(place), "drop")
    if verb != SET:
        return None
    new = fields.get("new", "").strip()
    return Edit(*read_place(place), "set_label", new or fields.get("label", ""), bool(new))


def render_page(dataset: Dataset, found: RowPage, filters: Filters, editing: str = "") -> Markup:
    """One page of rows under a sentence on how many there are, or what to do where there are none."""
    if not found.total:
        way = layout.action_button(W.rows.clear, "clear", "primary") if filters.narrows else layout.EMPTY
        return layout.empty(W.rows.none, W.rows.none_hint if filters.narrows else W.rows.no_rows, way)
    first, _ = turn_page(found.total, filters.page)
    words = {
        "first": fmt.count(first + 1),
        "last": fmt.count(first + len(found.rows)),
        "found": fmt.count(found.total),
        "all": fmt.count(sum(dataset.rows.values())),
    }
    sentence = W.rows.shown_of.say(**words) if filters.narrows else W.rows.shown.say(**words)
    several_files = len(dataset.files) > 1
    lines = layout.join(render_row(dataset, row, editing, several_files) for row in found.rows)
    return layout.paragraph(sentence, quiet=True) + Markup(
        '<div class="s-table s-rows" role="region" tabindex="0" aria-label="{}"><table><thead><tr>'
        '<th scope="col" class="s-number">{}</th><th scope="col">{}</th><th scope="col">{}</th>'
        '<th scope="col">{}</th><th scope="col"><span class="s-aloud">{}</span></th>'
        "</tr></thead><tbody>{}</tbody></table></div>"
    ).format(
        W.rows.table,
        layout.term(W.rows.line, W.rows.line_help),
        W.rows.split,
        get_task(dataset.task).answer_role.title,
        W.rows.text,
        W.rows.change,
        lines,
    )


def render_row(dataset: Dataset, row: Mapping[str, Any], editing: str, several_files: bool) -> Markup:
    """One row with what is to become of it, and where it is being corrected its fields below it."""
    place = f"{row['split']}:{row['index']}"
    draft: Mapping[str, Any] = row.get("draft") or {}
    answer = get_task(dataset.task).answer_role
    line = fmt.count(int(row["line"]))
    asked = (role for role in get_task(dataset.task).roles if not role.answer and role.key in row)
    texts = [role.shown(str(row[role.key])) for role in asked]
    badges = layout.join(
        layout.badge("quiet", name_finding(code), "info") for code in row.get("findings", ())
    )
    opened = place == editing
    button = layout.action_button(
        W.rows.close if opened else W.rows.change,
        CLOSE if opened else f"{EDIT}:{place}",
        "plain",
        W.rows.close_row.say(line=line) if opened else W.rows.change_row.say(line=line),
    )
    marks = ["s-edited"] * bool(draft) + ["s-gone"] * bool(draft.get("dropped")) + ["s-chosen"] * opened
    shown = Markup(
        '<tr class="{}"><td class="s-number">{}</td><td>{}</td><td>{}</td>'
        '<td class="s-words">{}{}</td><td>{}</td></tr>'
    ).format(
        " ".join(marks),
        Markup("{}<small>{}</small>").format(line, row["file"]) if several_files else line,
        changed_cell(W.splits[row["split"]], W.splits[draft["split"]] if draft.get("split") else ""),
        changed_cell(shown_label(answer.shown(row[answer.key])), draft.get("label") or ""),
        layout.join((long_text(text) for text in texts), "<br>"),
        Markup('<span class="s-badges">{}{}</span>').format(
            layout.badge("warning", W.rows.dropped) if draft.get("dropped") else "", badges
        ),
        button,
    )
    return shown + (render_editor(dataset, row, place) if opened else layout.EMPTY)


def changed_cell(before: str, after: str) -> str | Markup:
    """A cell, and what it is to become."""
    if not after or after == before:
        return before
    return Markup('<s>{}</s> <strong class="s-after">{}</strong>').format(before, after)


def render_editor(dataset: Dataset, row: Mapping[str, Any], place: str) -> Markup:
    """The fields with which one row is corrected: its label, its split, or leaving it out."""
    draft: Mapping[str, Any] = row.get("draft") or {}
    moves = layout.join(
        layout.action_button(W.rows.move[split], f"{MOVE}:{place}:{split}")
        for split in SPLITS
        if split != (draft.get("split") or row["split"])
    )
    return Markup(
        '<tr class="s-editor"><td colspan="5"><div class="s-edit" data-form>{}'
        '<div class="s-actions">{}{}{}</div></div></td></tr>'
    ).format(
        render_label_fields(dataset, draft.get("label") or row.get("label", "")),
        layout.action_button(W.rows.set, f"{SET}:{place}", "primary")
        if has_single_labels(dataset.roles)
        else "",
        moves,
        layout.action_button(W.rows.drop, f"{DROP}:{place}"),
    )


def render_label_fields(dataset: Dataset, now: str) -> Markup:
    """The choice of another label, and a field for a new one; nothing where the rows have not one each."""
    if not has_single_labels(dataset.roles):
        return layout.EMPTY
    options = layout.join(
        Markup('<option value="{0}"{1}>{0}</option>').format(
            label, Markup(" selected") if label == now else ""
        )
        for label in dict.fromkeys([*dataset.labels, now])
    )
    return Markup(
        '<label>{}<select name="label">{}</select></label>'
        '<label>{}<input name="new" maxlength="200" autocomplete="off"></label>'
    ).format(W.rows.label, options, W.rows.new_label)


def render_draft(edits: Sequence[Edit], next_version: int) -> Markup:
    """How many corrections are not saved, and what can be done with them; nothing where there are none."""
    if not edits:
        return layout.EMPTY
    return Markup('<div class="s-draft" role="status"><strong>{}</strong><span>{}</span>{}</div>').format(
        W.rows.unsaved.count(len({(edit.split, edit.index, edit.action) for edit in edits})),
        W.rows.unsaved_hint,
        Markup('<div class="s-actions">{}{}{}</div>').format(
            layout.action_button(W.rows.save.say(n=next_version), SAVE, "primary"),
            layout.action_button(W.rows.undo, UNDO),
            layout.action_button(W.rows.discard, DISCARD),
        ),
    )


def address_of(dataset: str, filters: Filters) -> str:
    """The address that shows the same rows again."""
    return link("data", dataset=dataset, tab="rows", **filters.asked())


def first_page(filters: Filters) -> Filters:
    """The same filters on their first page."""
    return replace(filters, page=1)
