"""What can be done about a finding, and what was done: actions, choices, steps of a dataset's history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, unquote

from studio.errors import InvalidInput

IGNORE, DROP = "ignore", "drop_rows"
JOIN = "join_labels"
INTO = ">"  # between the label that is joined and that which it gets


@dataclass(frozen=True)
class Action:
    """One thing that can be done: its name, the words on its button, a sentence on what it does.

    ``told`` is the finding that tells of it, of what is done while the file is read; the others are done on
    rows.
    """

    name: str
    title: str
    sentence: str
    told: str = ""

    @property
    def reading(self) -> bool:
        """Whether it is done while the file is read."""
        return bool(self.told)

    @property
    def codes(self) -> tuple[str, ...]:
        """The findings it mends."""
        return tuple(code for code, names in FIXES.items() if self.name in names)


# In the order in which they are done, whatever the order in which they were chosen.
ACTIONS = (
    Action(
        "fill_fields",
        "Fill with empty cells",
        "Adds empty cells at the end of rows that are too short.",
        "filled_rows",
    ),
    Action(
        "join_fields",
        "Join the surplus cells",
        "Puts the surplus cells of a row that is too long back together in the text.",
        "joined_rows",
    ),
    Action(
        "plain_quotes",
        "Read quotes as letters",
        "Reads rows with broken quotes as if quotes were letters.",
        "plain_quotes_rows",
    ),
    Action(
        "begin_entities",
        "Let these begin an entity",
        "Takes a tag that goes on with an entity that is not there as its beginning; an entity without a "
        "last tag ends where it breaks off.",
        "begun_entities",
    ),
    Action(
        "place_answers",
        "Take them where they stand in the passage",
        "Takes an answer that does not stand where it is said to start from where it stands in the passage, "
        "of several places the nearest.",
        "placed_answers",
    ),
    Action(
        "comma_thousands",
        "Read commas as thousands",
        "Takes a comma before three digits for the mark between thousands: 1,200 becomes 1200.",
        "commas_read",
    ),
    Action(
        "point_thousands",
        "Read points as thousands",
        "Takes a point before three digits for the mark between thousands: 1.200 becomes 1200.",
        "points_read",
    ),
    Action("drop_rows", "Leave these rows out", "Leaves out every row that has the finding."),
    Action(
        "repair_mojibake",
        "Repair the characters",
        "Turns wrongly decoded characters back into what they were, where that is sure; others stay.",
    ),
    Action(
        "remove_control_characters", "Remove them", "Removes invisible control characters; the rest stays."
    ),
    Action(
        "strip_html", "Remove the HTML", "Removes HTML tags and turns &amp; and the like into characters."
    ),
    Action("trim_labels", "Remove the blanks", "Removes blanks before and after labels."),
    Action(
        "merge_labels",
        "Use one spelling",
        "Gives labels that differ by case, width or blanks the commonest spelling.",
    ),
    Action(
        JOIN,
        "Join with another label",
        "Gives all rows of one label another one that you choose.",
    ),
    Action(
        "majority_label",
        "Use the commonest label",
        "Gives all rows of such a text the label that most of them have; where two are equally "
        "common, the rows are left out.",
    ),
    Action(
        "drop_conflicts", "Leave these texts out", "Leaves out every row of a text that has different labels."
    ),
    Action("move_to_train", "Move to training", "Moves all rows of a shared text to the training rows."),
    Action(
        "drop_from_train",
        "Keep where it is scored",
        "Leaves the text out of the training rows, and of the validation rows where the test has it.",
    ),
    Action(
        "drop_from_test",
        "Keep in training",
        "Leaves the text out of the test rows, and of the validation rows where training has it.",
    ),
    Action("drop_repeats", "Keep the first of each", "Keeps the first of equal texts with the same label."),
    Action(
        "drop_near_repeats",
        "Keep the first of each",
        "Keeps the first of nearly equal texts with the same label.",
    ),
    Action("drop_rare_labels", "Leave these labels out", "Leaves out every row of a label that has so few."),
    Action(IGNORE, "Accept it", "Changes nothing; the history says that the finding was seen and accepted."),
)

LEAK_FIXES = ("move_to_train", "drop_from_train", "drop_from_test")
# What mends which finding, the advised first. Every warning and note can be ignored as well.
FIXES: Mapping[str, tuple[str, ...]] = {
    "too_few_fields": ("fill_fields", "drop_rows"),
    "too_many_fields": ("join_fields", "drop_rows"),
    "broken_quotes": ("plain_quotes", "drop_rows"),
    "second_table": ("drop_rows",),
    "broken_json": ("drop_rows",),
    "broken_sentence": ("drop_rows",),
    "no_text": ("drop_rows",),
    "missing_text": ("drop_rows",),
    "missing_label": ("drop_rows",),
    "missing_number": ("drop_rows",),
    "not_a_number": ("drop_rows",),
    "comma_numbers": ("comma_thousands",),
    "point_numbers": ("point_thousands",),
    "mixed_units": ("drop_rows",),
    "far_number": ("drop_rows",),
    "unreadable_labels": ("drop_rows",),
    "unreadable_entities": ("drop_rows",),
    "other_tag_count": ("drop_rows",),
    "tag_sequence": ("begin_entities", "drop_rows"),
    "moved_entity": ("drop_rows",),
    "entity_outside": ("drop_rows",),
    "entity_cuts_word": ("drop_rows",),
    "overlapping_entities": ("drop_rows",),
    "question_without_passage": ("drop_rows",),
    "passage_without_question": ("drop_rows",),
    "unreadable_answers": ("drop_rows",),
    "moved_answer": ("place_answers", "drop_rows"),
    "answer_not_in_passage": ("drop_rows",),
    "missing_right_option": ("drop_rows",),
    "unreadable_options": ("drop_rows",),
    "missing_option": ("drop_rows",),
    "not_an_option": ("drop_rows",),
    "label_not_in_file": ("drop_rows",),
    "unknown_label": ("drop_rows",),
    "unknown_split": ("drop_rows",),
    "unreadable_time": ("drop_rows",),
    "unseen_label": ("drop_rows",),
    "padded_label": ("trim_labels",),
    "similar_labels": ("merge_labels",),
    "single_row_label": ("drop_rare_labels", JOIN),
    "two_row_label": ("drop_rare_labels", JOIN),
    "rare_label": ("drop_rare_labels", JOIN),
    "few_rows_of_label": (JOIN,),
    "label_not_in_train": ("drop_rare_labels",),
    "conflicting_labels": ("majority_label", "drop_conflicts"),
    "duplicate_text": ("drop_repeats",),
    "near_duplicate_text": ("drop_near_repeats",),
    "shared_text": LEAK_FIXES,
    "near_shared_text": LEAK_FIXES,
    "control_characters": ("remove_control_characters",),
    "mojibake": ("repair_mojibake",),
    "html": ("strip_html",),
}


def find_action(name: str) -> Action:
    """An action by its name; InvalidInput, with all names, where there is none."""
    for action in ACTIONS:
        if action.name == name:
            return action
    raise InvalidInput(
        f"There is no action '{name}'.", f"Use one of: {', '.join(action.name for action in ACTIONS)}."
    )


def fixes_of(code: str) -> tuple[str, ...]:
    """The actions that mend a finding, the advised first; none for most notes."""
    return FIXES.get(code, ())


@dataclass(frozen=True)
class FixChoice:
    """A finding, by its code, and the action chosen for it.

    ``value`` are the two labels of one that joins labels, with > between; blanks, % and > in them are quoted
    as in an address.
    """

    code: str
    action: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.code}={self.action}" + (f":{self.value}" if self.value else "")

    @property
    def labels(self) -> tuple[str, str]:
        """The label that is joined, and that which its rows get; empty where they are not said."""
        one, _, into = self.value.partition(INTO)
        return unquote(one), unquote(into)

    @classmethod
    def join(cls, code: str, one: str, into: str) -> FixChoice:
        """Join a label with another.

        >>> str(FixChoice.join("rare_label", "Rude staff", "Staff"))
        'rare_label=join_labels:Rude%20staff>Staff'
        """
        return cls(code, JOIN, f"{quote(one, safe='')}{INTO}{quote(into, safe='')}")

    @classmethod
    def parse(cls, text: str) -> FixChoice:
        """Read 'duplicate_text=drop_repeats'; InvalidInput where there is no '='.

        >>> FixChoice.parse("duplicate_text=drop_repeats").action
        'drop_repeats'
        >>> FixChoice.parse("rare_label=join_labels:Rude staff>Staff").labels
        ('Rude staff', 'Staff')
        """
        code, equals, rest = text.strip().partition("=")
        action, _, value = rest.partition(":")
        if not (code and equals and action):
            raise InvalidInput(
                f"'{text}' does not say what to do about which finding.",
                "Write the finding's code, '=' and the action, such as duplicate_text=drop_repeats.",
            )
        return cls.join(code, *cls(code, action, value).labels) if value else cls(code, action)


def check_value(choice: FixChoice) -> None:
    """InvalidInput where an action lacks the labels that it joins, or has such that it does not need."""
    if choice.action == JOIN and not all(choice.labels):
        raise InvalidInput(
            f"'{choice}' does not say which label is joined with which.",
            f"Write both, with {INTO} between, such as rare_label={JOIN}:Tech{INTO}Technical.",
        )
    if choice.action != JOIN and choice.value:
        raise InvalidInput(
            f"'{choice.action}' needs no labels.", f"Write {FixChoice(choice.code, choice.action)}."
        )


def check_choices(choices: Iterable[FixChoice], codes: Sequence[str] = ()) -> None:
    """InvalidInput where an action does not exist, or does not mend the finding; it lists what does.

    ``codes`` are findings beside those with fixes that may be ignored or whose rows may be dropped.
    """
    for choice in choices:
        find_action(choice.action)
        check_value(choice)
        known = choice.code in FIXES or choice.code in codes
        if not known and choice.action != IGNORE:
            raise InvalidInput(
                f"There is no finding '{choice.code}' that can be mended.",
                f"Those that can: {', '.join(sorted({*FIXES, *codes}))}.",
            )
        allowed = (*fixes_of(choice.code), DROP, IGNORE)
        if choice.action not in allowed:
            raise InvalidInput(
                f"'{choice.action}' does not mend '{choice.code}'.",
                f"Use one of: {', '.join(dict.fromkeys(allowed))}.",
            )


def in_order(choices: Iterable[FixChoice]) -> list[FixChoice]:
    """Each choice once, in the order in which actions are done, then in that of the findings, then as given.

    >>> [str(choice) for choice in in_order([FixChoice("html", "strip_html"), FixChoice("x", "drop_rows")])]
    ['x=drop_rows', 'html=strip_html']
    """
    places = {action.name: place for place, action in enumerate(ACTIONS)}
    # Which labels training has is known when all else is done.
    last = FixChoice("unseen_label", "drop_rows")
    codes = {code: place for place, code in enumerate(FIXES)}
    return sorted(
        dict.fromkeys(choices),
        key=lambda choice: (
            choice == last,
            places[choice.action],
            codes.get(choice.code, len(codes)),
            choice.code,
        ),
    )


@dataclass(frozen=True)
class Step:
    """One change of a version against what it was made from.

    ``rows`` is how many rows changed, moved or left; ``lines`` are the first 20 of them, as in a Problem;
    ``message`` is one sentence for a person; ``value`` is that of the choice, where it has one.
    """

    code: str
    action: str
    rows: int
    message: str
    lines: tuple[int, ...] = ()
    value: str = ""

    @property
    def choice(self) -> FixChoice:
        """What was chosen for it."""
        return FixChoice(self.code, self.action, self.value)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        plain = {**asdict(self), "lines": list(self.lines)}
        return plain if self.value else {name: part for name, part in plain.items() if name != "value"}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Step:
        """Read what to_json wrote."""
        return cls(**{**value, "lines": tuple(value["lines"])})


def ignored_in(steps: Iterable[Step]) -> tuple[FixChoice, ...]:
    """The findings that were accepted as they are."""
    return tuple(FixChoice(step.code, step.action) for step in steps if step.action == IGNORE)


def settled_in(steps: Iterable[Step]) -> tuple[FixChoice, ...]:
    """The findings that the steps of an import leave nothing to decide about.

    They were accepted, are about rows that were left out, or tell of a repair.

    >>> steps = [Step("html", "ignore", 0, ""), Step("too_few_fields", "fill_fields", 2, "2 rows ...")]
    >>> [str(choice) for choice in settled_in(steps)]
    ['html=ignore', 'filled_rows=fill_fields']
    """
    settling = [step for step in steps if step.action in (IGNORE, DROP) or find_action(step.action).told]
    return tuple(FixChoice(find_action(step.action).told or step.code, step.action) for step in settling)
