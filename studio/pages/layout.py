"""Pieces of a page as HTML. Every text is escaped unless it is Markup made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import gradio as gr
from markupsafe import Markup, escape

from studio.pages import format as fmt
from studio.pages import links
from studio.pages.icons import icon
from studio.pages.words import words_of

W = words_of("frame")
EMPTY = Markup("")
STATE_TONES = {
    "queued": ("waiting", "quiet"),
    "running": ("running", "info"),
    "stopping": ("running", "info"),
    "pausing": ("running", "quiet"),
    "paused": ("paused", "warning"),
    "cancelling": ("running", "quiet"),
    "succeeded": ("good", "good"),
    "failed": ("error", "error"),
    "cancelled": ("stopped", "quiet"),
}
SEVERITY_TONES = {"error": "error", "warning": "warning", "note": "info"}

# Clicks on anything with data-pick inside the piece become this component's click event, with the fields of
# the data-form around it; Enter in such a field presses the form's first button. A live piece is
# written anew while someone walks through it by keyboard: the focus goes back to where it was. And it may be
# written anew between two fast clicks on one spot: the second means what the first did.
PICK_SCRIPT = """
let held = null, last = null;
element.addEventListener('click', (event) => {
  const chosen = event.target.closest('[data-pick]');
  if (!chosen || !element.contains(chosen)) return;
  event.preventDefault();
  const fields = {};
  const form = chosen.closest('[data-form]');
  if (form) for (const field of form.querySelectorAll('[name]')) fields[field.name] = field.value;
  if (event.detail < 2 || !last) last = {pick: chosen.dataset.pick, fields};
  trigger('click', last);
});
element.addEventListener('keydown', (event) => {
  const form = event.key === 'Enter' && event.target.matches('input') && event.target.closest('[data-form]');
  if (!form) return;
  event.preventDefault();
  form.querySelector('[data-pick]').click();
});
const hold = (event) => {
  const chosen = element.contains(event.target) && event.target.closest('[data-pick]');
  held = chosen ? chosen.dataset.pick : null;
};
document.addEventListener('focusin', hold);
document.addEventListener('pointerdown', hold);
watch('value', () => {
  if (held === null || document.activeElement !== document.body) return;
  for (const each of element.querySelectorAll('[data-pick]'))
    if (each.dataset.pick === held) { each.focus({preventScroll: true}); break; }
});
"""


@dataclass(frozen=True)
class Column:
    """One column of a table: its title, whether it holds numbers (right-aligned), and a help text."""

    title: str
    number: bool = False
    help: str = ""


@dataclass(frozen=True)
class Tile:
    """One number in large type with what it is and, smaller, what to hold against it."""

    label: str
    value: str | Markup
    note: str | Markup = ""


def join(pieces: Iterable[str | Markup], by: str = "") -> Markup:
    """Pieces one after the other; texts among them are escaped."""
    return Markup(by).join(pieces)


def navigation(pages: Sequence[tuple[str, str]], current: str) -> Markup:
    """The bar on top: (path, title) pairs, the current one marked, and the switch of the theme."""
    items = join(
        Markup('<li><a href="{}"{}>{}</a></li>').format(
            links.link(path), Markup(' aria-current="page"') if path == current else "", title
        )
        for path, title in pages
    )
    return Markup(
        '<a class="s-skip" href="#content">{skip}</a>'
        '<header class="s-top"><a class="s-brand" href="/">{mark}<span>{product}</span></a>'
        '<nav aria-label="{label}"><ul>{items}</ul></nav>'
        '<button type="button" class="s-theme" data-theme-switch aria-label="{switch}" title="{switch}">'
        "{sun}</button></header>"
    ).format(
        skip=W.skip,
        mark=icon("brand"),
        product=W.product,
        label=W.navigation,
        items=items,
        switch=W.theme_switch,
        sun=icon("theme"),
    )


def heading(title: str, lead: str | Markup = "", actions: Markup = EMPTY) -> Markup:
    """The title of a page with its one sentence; ``actions`` are links beside it."""
    return Markup(
        '<div class="s-heading" id="content" tabindex="-1"><div><h1>{}</h1>{}</div>{}</div>'
    ).format(
        title,
        Markup("<p>{}</p>").format(lead) if lead else "",
        Markup('<div class="s-actions">{}</div>').format(actions) if actions else "",
    )


def section(title: str, text: str | Markup = "") -> Markup:
    """The title of a part of a page, with a sentence under it."""
    return Markup('<div class="s-section"><h2>{}</h2>{}</div>').format(
        title, Markup("<p>{}</p>").format(text) if text else ""
    )


def paragraph(text: str | Markup, quiet: bool = False) -> Markup:
    """One paragraph, in the quieter colour where it only explains."""
    return Markup('<p class="s-text{}">{}</p>').format(" s-quiet" if quiet else "", text)


def notice(kind: str, message: str | Markup, hint: str | Markup = "", more: Markup = EMPTY) -> Markup:
    """A sentence with an icon and a word: kind is info, good, warning or error."""
    return Markup(
        '<div class="s-notice s-{kind}" role="{role}">{icon}<div><p><strong class="s-word">{word}</strong> '
        "{message}</p>{hint}{more}</div></div>"
    ).format(
        kind=kind,
        role="alert" if kind == "error" else "status",
        icon=icon(kind),
        word=W.notice[kind],
        message=message,
        hint=Markup('<p class="s-hint">{}</p>').format(hint) if hint else "",
        more=more,
    )


def notice_actions(ways: Markup) -> Markup:
    """Buttons and links that lead on, for the ``more`` of a notice."""
    return Markup('<div class="s-actions s-notice-actions">{}</div>').format(ways)


def empty(title: str, text: str | Markup, actions: Markup = EMPTY) -> Markup:
    """What stands where nothing is yet: what this is for, and the next step."""
    return Markup('<div class="s-empty"><h2>{}</h2><p>{}</p><div class="s-actions">{}</div></div>').format(
        title, text, actions
    )


def button_link(label: str, address: str, primary: bool = False) -> Markup:
    """A link that looks like a button."""
    return Markup('<a class="s-button{}" href="{}">{}</a>').format(
        " s-primary" if primary else "", address, label
    )


def back_link(label: str, address: str) -> Markup:
    """The way back to the list, above a heading."""
    return Markup('<p class="s-back"><a href="{}">{}</a></p>').format(address, label)


def text_link(label: str | Markup, address: str) -> Markup:
    """A link within a text or a table."""
    return Markup('<a href="{}">{}</a>').format(address, label)


def badge(kind: str, text: str, symbol: str | None = None) -> Markup:
    """A short word with an icon: kind is quiet, info, good, warning or error."""
    return Markup('<span class="s-badge s-{}">{}{}</span>').format(kind, icon(symbol or kind), text)


def state_badge(state: str) -> Markup:
    """The state of a job as word and icon."""
    symbol, tone = STATE_TONES.get(str(state), ("waiting", "quiet"))
    return badge(tone, W.state[str(state)], symbol)


def severity_badge(severity: str, text: str = "") -> Markup:
    """The severity of a finding as word and icon, or with a text of its own."""
    tone = SEVERITY_TONES[severity]
    return badge(tone, text or W.severity[severity], tone)


def tiles(items: Sequence[Tile]) -> Markup:
    """Numbers in large type beside each other, wrapping on a narrow screen."""
    return Markup('<dl class="s-tiles">{}</dl>').format(
        join(
            Markup('<div><dt>{}</dt><dd class="s-value">{}</dd>{}</div>').format(
                tile.label,
                tile.value,
                Markup('<dd class="s-note">{}</dd>').format(tile.note) if tile.note else "",
            )
            for tile in items
        )
    )


def facts(items: Sequence[tuple[str, str | Markup]]) -> Markup:
    """Names and values in two columns."""
    return Markup('<dl class="s-facts">{}</dl>').format(
        join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in items)
    )


def term(word: str, help_text: str) -> Markup:
    """A technical word that explains itself when pointed at or reached by keyboard."""
    if not help_text:
        return escape(word)
    return Markup(
        '<span class="s-term" tabindex="0" data-help="{1}" aria-label="{0}: {1}">{0}</span>'
    ).format(word, help_text)


def table(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str | Markup]],
    *,
    label: str = "",
    row_class: Sequence[str] = (),
) -> Markup:
    """A table that scrolls inside itself; ``label`` names it for a screen reader."""
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    marks = [Markup(' class="s-number"') if head.number else EMPTY for head in heads]
    head_html = join(
        Markup('<th scope="col"{}>{}</th>').format(mark, term(head.title, head.help))
        for head, mark in zip(heads, marks, strict=True)
    )
    body = join(
        Markup("<tr{}>{}</tr>").format(
            Markup(' class="{}"').format(row_class[index]) if row_class else "",
            join(Markup("<td{}>{}</td>").format(mark, cell) for cell, mark in zip(row, marks, strict=True)),
        )
        for index, row in enumerate(rows)
    )
    return Markup(
        '<div class="s-table" role="region" tabindex="0" aria-label="{}"><table>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(label, head_html, body)


def bar(fraction: float, label: str, text: str = "") -> Markup:
    """A progress bar from 0 to 1 with its percent in words."""
    share = min(1.0, max(0.0, fraction))
    return Markup(
        '<div class="s-bar"><div class="s-track" role="progressbar" aria-label="{}" aria-valuemin="0" '
        'aria-valuemax="100" aria-valuenow="{:.0f}"><span style="width:{:.1f}%"></span></div>{}</div>'
    ).format(label, share * 100, share * 100, Markup("<span>{}</span>").format(text) if text else "")


def steps(titles: Sequence[tuple[str, str]]) -> Markup:
    """Numbered steps with a sentence each."""
    return Markup('<ol class="s-steps">{}</ol>').format(
        join(Markup("<li><strong>{}</strong><span>{}</span></li>").format(*item) for item in titles)
    )


def step_title(position: int, title: str, text: str = "") -> Markup:
    """The title of one step of a long form."""
    return Markup(
        '<div class="s-step"><span aria-hidden="true">{}</span><div><h2>{}</h2>{}</div></div>'
    ).format(position, title, Markup("<p>{}</p>").format(text) if text else "")


def code(text: str, label: str) -> Markup:
    """A command or some code with a button that copies it."""
    return Markup(
        '<div class="s-code"><div><span>{label}</span>'
        '<button type="button" data-copy="{text}" data-copied="{copied}">{copy}</button></div>'
        '<pre tabindex="0"><code>{text}</code></pre></div>'
    ).format(label=label, text=text, copy=W.copy, copied=W.copied)


def details(summary: str | Markup, content: str | Markup, opened: bool = False) -> Markup:
    """Something to open on demand."""
    return Markup('<details class="s-details"{}><summary>{}</summary>{}</details>').format(
        Markup(" open") if opened else "", summary, content
    )


def time_ago(moment: datetime | None) -> Markup:
    """'3 min ago' with the exact time when pointed at."""
    if moment is None:
        return escape(fmt.ABSENT)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), fmt.exact_time(moment), fmt.age(moment)
    )


def card(*pieces: str | Markup) -> Markup:
    """A group of pieces with a border around it."""
    return Markup('<div class="s-card">{}</div>').format(join(pieces))


def pick_button(label: str | Markup, value: str, pressed: bool = False) -> Markup:
    """A button inside a ``pickable`` piece; its value arrives in ``events.picked``."""
    return Markup('<button type="button" class="s-pick" data-pick="{}" aria-pressed="{}">{}</button>').format(
        value, "true" if pressed else "false", label
    )


def action_button(label: str | Markup, value: str, kind: str = "", name: str = "", about: str = "") -> Markup:
    """As ``pick_button``, but looking like a button; ``kind`` is primary or plain.

    ``name`` is read aloud in place of the label, ``about`` shows when pointed at.
    """
    return Markup('<button type="button" class="s-act{}" data-pick="{}"{}{}>{}</button>').format(
        f" s-{kind}" if kind else "",
        value,
        Markup(' aria-label="{}"').format(name) if name else "",
        Markup(' title="{}"').format(about) if about else "",
        label,
    )


def pickable(value: Markup | str = "", *, elem_id: str, script: str = "") -> gr.HTML:
    """HTML whose ``pick_button``s (or anything with data-pick) trigger the component's ``click``.

    ``script`` is run besides when the piece is made; it knows ``element`` and ``trigger``.
    """
    return gr.HTML(value, elem_id=elem_id, js_on_load=PICK_SCRIPT + script, apply_default_css=False)


def waiting(elem_id: str) -> gr.HTML:
    """A piece that says that it is being read, until its value comes."""
    return html(paragraph(W.loading, quiet=True), elem_id=elem_id)


def html(value: Markup | str = "", *, elem_id: str | None = None, visible: bool = True) -> gr.HTML:
    """A plain piece of HTML as a component (no click events of its own)."""
    return gr.HTML(value, elem_id=elem_id, visible=visible, js_on_load=None, apply_default_css=False)
