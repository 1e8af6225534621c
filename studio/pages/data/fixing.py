"""Which fixes a person has chosen for the findings, and the buttons that choose and undo them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.data.checks.labels import rare_labels
from studio.data.fixes import ACTIONS, IGNORE, JOIN, FixChoice, find_action
from studio.pages import layout
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.data.fixes import Step
    from studio.data.problems import Problem

W = words_of("data")
DROP_ROWS = "drop_rows"
NO_FIELDS: Mapping[str, str] = MappingProxyType({})
FIX, UNDO, ALL, SHOW = "fix", "undo", "all", "show"
READING_REPAIRS = frozenset(action.name for action in ACTIONS if action.reading)


def load_choices(text: str | None) -> tuple[FixChoice, ...]:
    """The fixes that a hidden text of the form holds.

    >>> [str(choice) for choice in load_choices("duplicate_text=drop_repeats rare_label=ignore")]
    ['duplicate_text=drop_repeats', 'rare_label=ignore']
    """
    return tuple(FixChoice.parse(word) for word in (text or "").split())


def dump_choices(choices: Sequence[FixChoice]) -> str:
    """What ``load_choices`` reads."""
    return " ".join(map(str, choices))


def read_choice(text: str, fields: Mapping[str, str]) -> FixChoice:
    """The fix of a button, with the labels that were chosen beside it where it joins labels.

    >>> str(read_choice("rare_label=join_labels", {"one": "Tech", "into": "Technical"}))
    'rare_label=join_labels:Tech>Technical'
    """
    choice = FixChoice.parse(text)
    return FixChoice.join(choice.code, fields["one"], fields["into"]) if choice.action == JOIN else choice


def choose(
    choices: Sequence[FixChoice],
    pick: str,
    problems: Sequence[Problem] = (),
    fields: Mapping[str, str] = NO_FIELDS,
) -> list[FixChoice]:
    """The fixes after a button: one more, one less, or leaving out all rows with errors.

    >>> [str(choice) for choice in choose(load_choices("a=ignore"), "fix:b=drop_rows")]
    ['a=ignore', 'b=drop_rows']
    >>> choose(load_choices("a=ignore"), "undo:a=ignore")
    []
    """
    verb, _, rest = pick.partition(":")
    kept = list(choices)
    if verb == UNDO:
        return [choice for choice in kept if str(choice) != rest]
    wanted = [read_choice(rest, fields)] if verb == FIX else []
    if verb == ALL:
        wanted = [FixChoice(problem.code, DROP_ROWS) for problem in droppable(problems)]
    return kept + [choice for choice in dict.fromkeys(wanted) if choice not in kept]


def droppable(problems: Sequence[Problem]) -> list[Problem]:
    """The errors that are mended by leaving their rows out."""
    return [problem for problem in problems if problem.severity == "error" and DROP_ROWS in problem.fixes]


def fix_buttons(problem: Problem, choices: Sequence[FixChoice], on_rows: bool = False) -> Markup:
    """A button for each fix of a finding, the advised one first and marked; errors cannot be ignored.

    ``on_rows``: the table was imported already, so it is not read again.
    """
    settled = {choice.action for choice in choices if choice.code == problem.code} | {IGNORE, JOIN}
    settled |= READING_REPAIRS if on_rows else set()
    actions = [action for action in problem.fixes if action not in settled]
    buttons = [
        layout.action_button(
            name_action(action),
            f"{FIX}:{problem.code}={action}",
            "" if position else "primary",
            W.fixes.aloud.say(action=name_action(action), finding=problem.message),
            find_action(action).sentence,
        )
        for position, action in enumerate(actions)
    ]
    if problem.severity != "error" and not on_rows:
        ignore = W.fixes.aloud.say(action=W.fixes.ignore, finding=problem.message)
        buttons.append(
            layout.action_button(W.fixes.ignore, f"{FIX}:{problem.code}={IGNORE}", "plain", ignore)
        )
    return layout.join(buttons)


def join_fields(problem: Problem, counts: Mapping[str, int]) -> Markup:
    """Which label with few rows is joined with which other; nothing where there are not two.

    ``counts`` are the rows of each label.
    """
    rare = rare_labels(problem.code, counts)
    if JOIN not in problem.fixes or not rare or len(counts) < 2:
        return layout.EMPTY
    commonest = sorted(counts, key=lambda label: (-counts[label], label))
    return Markup('<div class="s-edit s-join" data-form>{}{}{}</div>').format(
        choice_of("one", W.fixes.join, rare),
        choice_of("into", W.fixes.join_with, [label for label in commonest if [label] != rare]),
        layout.action_button(
            W.fixes.join_button,
            f"{FIX}:{problem.code}={JOIN}",
            "",
            W.fixes.aloud.say(action=name_action(JOIN), finding=problem.message),
            find_action(JOIN).sentence,
        ),
    )


def choice_of(name: str, title: str, labels: Sequence[str]) -> Markup:
    """A field to choose one of some labels."""
    options = layout.join(Markup('<option value="{0}">{0}</option>').format(label) for label in labels)
    return Markup('<label>{}<select name="{}">{}</select></label>').format(title, name, options)


def name_action(action: str) -> str:
    """What a fix is called on its button."""
    return find_action(action).title


def drop_all_button(problems: Sequence[Problem]) -> Markup:
    """One button for all rows with errors, where there is more than one such finding."""
    errors = droppable(problems)
    if len(errors) < 2:
        return layout.EMPTY
    rows = sum(problem.count for problem in errors)
    return Markup('<div class="s-actions">{}</div>').format(
        layout.action_button(W.fixes.drop_all.count(rows), f"{ALL}:{DROP_ROWS}", "primary")
    )


def render_done(
    choices: Sequence[FixChoice], steps: Sequence[Step], problems: Sequence[Problem], undoable: bool = True
) -> Markup:
    """What was chosen and what it did, each with the way back."""
    if not choices:
        return layout.EMPTY
    return Markup('<ul class="s-done">{}</ul>').format(
        layout.join(
            Markup("<li>{}<span>{}</span>{}</li>").format(
                layout.badge("quiet" if choice.action == IGNORE else "good", word_of(choice)),
                describe_choice(choice, steps, problems),
                undo_button(choice) if undoable else "",
            )
            for choice in choices
        )
    )


def word_of(choice: FixChoice) -> str:
    """'Done', or 'Ignored'."""
    return str(W.fixes.ignored if choice.action == IGNORE else W.fixes.done)


def undo_button(choice: FixChoice) -> Markup:
    """The way back from one fix."""
    aloud = W.fixes.aloud.say(action=W.fixes.undo, finding=name_action(choice.action))
    return layout.action_button(W.fixes.undo, f"{UNDO}:{choice}", "plain", aloud)


def describe_choice(choice: FixChoice, steps: Sequence[Step], problems: Sequence[Problem]) -> str:
    """What a fix did, in the words of its step; else its name, with the finding where it is known."""
    for step in steps:
        if step.choice == choice and choice.action != IGNORE:
            return step.message
    found = [problem.message for problem in problems if problem.code == choice.code]
    if choice.action == IGNORE:
        return found[0] if found else str(W.fixes.nothing_left)
    return " ".join([f"{name_action(choice.action)}.", *found[:1]])


def still_open(
    problems: Sequence[Problem], choices: Sequence[FixChoice], steps: Sequence[Step]
) -> list[Problem]:
    """The findings that nothing was decided about, or that a fix has only mended in part.

    A finding in the words of a step only tells what was done.
    """
    stepped = {(step.code, step.action) for step in steps}
    settled = {
        choice.code
        for choice in choices
        if choice.action in (IGNORE, DROP_ROWS) or (choice.code, choice.action) not in stepped
    }
    told = {step.message for step in steps}
    return [
        problem
        for problem in problems
        if problem.severity == "error" or (problem.code not in settled and problem.message not in told)
    ]
