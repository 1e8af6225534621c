"""What the model sees of a row: its tokens as chips and as a table, and what is cut; plain functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.words import words_of
from studio.prediction.reading import Cut, Reading, Token
from studio.tasks.registry import title_of

W = words_of("predict")
CHIPS_AT_MOST = 512
ROWS_AT_MOST = 200
CUT_LENGTH = 600  # characters shown of what is not read


def render_seen(readings: Sequence[Reading]) -> Markup:
    """All of it, for each sequence that the model reads; the sentence that says so where there is none."""
    if not readings:
        return layout.paragraph(W.seen.none, quiet=True)
    return Markup('<div class="s-seen">{}{}</div>').format(
        layout.join(
            render_sequence(reading, name_of(number, readings)) for number, reading in enumerate(readings)
        ),
        layout.paragraph(W.seen.legend, quiet=True),
    )


def name_of(number: int, readings: Sequence[Reading]) -> Markup:
    """Which of several sequences this is."""
    if len(readings) == 1:
        return layout.EMPTY
    return Markup("<h3>{}</h3>").format(W.seen.sequence.say(number=number + 1, all=len(readings)))


def render_sequence(reading: Reading, name: Markup) -> Markup:
    """One sequence: what is to say of it, its chips, and the same as a table."""
    roles = roles_of(reading)
    return layout.join(
        [
            name,
            Markup('<ul class="s-seen-facts">{}</ul>').format(
                layout.join(Markup("<li>{}</li>").format(one) for one in describe(reading, roles))
            ),
            render_keys(roles),
            render_chips(reading, roles),
            layout.details(W.seen.table.title, render_table(reading)),
        ]
    )


def roles_of(reading: Reading) -> list[str]:
    """The roles that the sequence is made of, in their order."""
    return list(dict.fromkeys(one.role for one in (*reading.tokens, *reading.cut) if one.role))


def describe(reading: Reading, roles: Sequence[str]) -> Iterator[str]:
    """How much of it is read, and how much of that the model knows, as sentences."""
    limit = fmt.count(reading.limit)
    if not reading.cut:
        yield W.seen.whole.count(len(reading.tokens), limit=limit)
    for cut in reading.cut:
        part = "some" if cut.role is None else "first" if cut.start == 0 else "last"
        if len(roles) > 1:
            yield W.seen.cut_of[part].count(cut.tokens, limit=limit, what=title_of(str(cut.role)))
        else:
            yield W.seen.cut[part].count(cut.tokens, limit=limit)
    unknown = [token.token for token in reading.tokens if token.unknown]
    if unknown:
        yield W.seen.unknown.count(len(unknown), token=unknown[0])


def render_keys(roles: Sequence[str]) -> Markup:
    """Which chips are of which text, where there are two."""
    if len(roles) < 2:
        return layout.EMPTY
    return Markup('<p class="s-seen-keys">{}</p>').format(
        layout.join(
            Markup('<span class="s-token s-of-{}"><b>{}</b></span>').format(number % 2, title_of(role))
            for number, role in enumerate(roles)
        )
    )


def render_chips(reading: Reading, roles: Sequence[str]) -> Markup:
    """A chip for each token with its id under it, and what is cut struck out where it would have stood."""
    shown = reading.tokens[:CHIPS_AT_MOST]
    cuts = reading.cut if shown == reading.tokens else ()
    chips = Markup('<ol class="s-tokens" aria-label="{}">{}</ol>').format(
        W.seen.tokens, layout.join(draw_chips(shown, cuts, roles))
    )
    return chips + describe_limit(len(shown), len(reading.tokens))


def draw_chips(tokens: Sequence[Token], cuts: Sequence[Cut], roles: Sequence[str]) -> Iterator[Markup]:
    """The chips in their order; what is cut stands before or after those of its text."""
    waiting = {cut.role: cut for cut in cuts if cut.text}
    before: Token | None = None
    for token in tokens:
        ended = before.role if before else None
        if token.role != ended:
            if ended in waiting:
                yield draw_cut(waiting.pop(ended))
            if token.role in waiting and waiting[token.role].start == 0:
                yield draw_cut(waiting.pop(token.role))
        yield draw_chip(token, roles, goes_on=is_joined(before, token))
        before = token
    yield from map(draw_cut, waiting.values())


def is_joined(before: Token | None, token: Token) -> bool:
    """Whether two tokens stand in a text with nothing between them."""
    if before is None or before.end is None or token.start is None:
        return False
    return before.role == token.role and token.start <= before.end


def draw_chip(token: Token, roles: Sequence[str], goes_on: bool) -> Markup:
    """One token with its id; it touches the one before where the text ``goes_on`` without a blank."""
    marks = {
        "s-token": True,
        f"s-of-{roles.index(token.role) % 2 if token.role else 'none'}": True,
        "s-on": goes_on,
        "s-added": token.special,
        "s-unknown": token.unknown,
    }
    chosen = " ".join(mark for mark, wanted in marks.items() if wanted)
    return Markup('<li class="{}"><b>{}</b><i>{}</i></li>').format(chosen, token.shown, token.id)


def draw_cut(cut: Cut) -> Markup:
    """The part of a text that is not read."""
    return Markup('<li class="s-cut"><span>{}</span> <del>{}</del></li>').format(
        W.seen.not_read, fmt.shorten(cut.text or "", CUT_LENGTH)
    )


def render_table(reading: Reading) -> Markup:
    """Position, token, id, segment and mask of the first tokens."""
    shown = reading.tokens[:ROWS_AT_MOST]
    columns = [
        layout.Column(W.seen.table.position, number=True),
        W.seen.table.token,
        layout.Column(W.seen.table.id, number=True, help=W.seen.table.id_help),
        layout.Column(W.seen.table.segment, number=True, help=W.seen.table.segment_help),
        layout.Column(W.seen.table.mask, number=True, help=W.seen.table.mask_help),
    ]
    rows = [
        [
            str(place),
            Markup("<code>{}</code>").format(token.token),
            str(token.id),
            fmt.ABSENT if token.segment is None else str(token.segment),
            str(token.mask),
        ]
        for place, token in enumerate(shown, start=1)
    ]
    table = layout.table(columns, rows, label=W.seen.table.title)
    return table + describe_limit(len(shown), len(reading.tokens))


def describe_limit(shown: int, there: int) -> Markup:
    """That not all tokens are shown; nothing where they are."""
    if shown == there:
        return layout.EMPTY
    return Markup('<p class="s-caption">{}</p>').format(
        W.seen.first.say(shown=fmt.count(shown), all=fmt.count(there))
    )
