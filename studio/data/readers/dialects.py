"""Find out which separator, quotes, escapes and comment lines a delimited text uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from studio.data.number_cells import is_number
from studio.data.readers.headers import KNOWN_NAMES
from studio.data.readers.lines import split_lines
from studio.data.readers.parsing import USUAL_DELIMITERS, Dialect, Parsed
from studio.data.readers.quoting import parse_best_quoting
from studio.data.readers.table import ReadOptions
from studio.errors import InvalidInput

SPOKEN_DELIMITERS = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "space": " ",
    "blank": " ",
    "colon": ":",
}
LONGEST_DELIMITER = 20
SAMPLE_LINES = 1000
SAMPLE_CHARACTERS = 400_000
# What else separates cells, with what it loses against the usual: the commoner in prose, the more.
RARE_DELIMITERS = {"\x01": 0.0, "\x1f": 0.0, "^": 0.05, "~": 0.05, ":": 0.25, " ": 0.3}
NEEDS_A_LABEL = frozenset(": ")
# Of two separators that fit equally well, the one whose cells start with a blank is a comma in prose.
PROSE_PENALTY = 0.5
PROSE_SHARE = 0.9
EMPTY_COLUMN_PENALTY = 0.2
TITLE_PENALTY = 0.15
LABEL_BONUS = 0.1
FEWEST_ROWS = 3
LONGEST_LABEL = 60
# Excel writes this line above a table to name its separator.
SEPARATOR_LINE = re.compile(r'"?sep=([,;|:\t^~])"?\s*', re.IGNORECASE)
MARK_RUN = re.compile(r"[!#$%&*+/:;<=>@^|~\\,\t-]{2,10}|<[A-Za-z]{2,8}>|\[[A-Za-z]{2,8}\]")
MOST_RUNS = 4
RUN_SHARE = 0.7
COMMENT_MARKS = ("#", "//")
LONE_RETURN = re.compile(r"\r(?!\n)")


def spoken_delimiter(text: str | None) -> str | None:
    """The separator a person wrote, such as ';', 'tab' or '##$$'; None stays None.

    Raises InvalidInput for what cannot separate cells.
    """
    if text is None or text == "":
        return None
    delimiter = SPOKEN_DELIMITERS.get(text.lower(), text.replace("\\t", "\t"))
    if len(delimiter) > LONGEST_DELIMITER or any(mark in delimiter for mark in '"\r\n'):
        raise InvalidInput(
            f"'{text}' cannot be a separator.",
            f"Give up to {LONGEST_DELIMITER} characters without quotes and line ends, such as ',' or 'tab'.",
        )
    return delimiter


def find_dialect(lines: list[str], options: ReadOptions, returns_end_lines: bool = False) -> Dialect:
    """The dialect that explains the lines best, within what a person chose."""
    base = Dialect(
        ",",
        quote=options.quote or None,
        escape=options.escape or None,
        comment=options.comment or None,
        returns_end_lines=returns_end_lines,
    )
    fixed = frozenset(name for name in ("quote", "escape") if getattr(options, name) is not None)
    delimiter = spoken_delimiter(options.delimiter) or guess_delimiter(head_of(lines), base, fixed)
    return parse_best_quoting(lines, replace(base, delimiter=delimiter), fixed).dialect


def head_of(lines: list[str]) -> list[str]:
    """As many of the first lines as tell the separator."""
    size = 0
    for index, line in enumerate(lines[:SAMPLE_LINES]):
        size += len(line)
        if size > SAMPLE_CHARACTERS:
            return lines[: index + 1]
    return lines[:SAMPLE_LINES]


def guess_delimiter(
    lines: list[str], base: Dialect | None = None, fixed: frozenset[str] = frozenset()
) -> str:
    """The separator that gives most lines the same number of cells (at least two).

    Where none does, it is a comma if the first line holds a usual separator, and else "": one column.
    """
    base = base or Dialect(",", None)
    scores = {
        delimiter: score_delimiter(lines, replace(base, delimiter=delimiter), fixed)
        for delimiter in candidates_in(lines)
    }
    best = max(scores, key=lambda delimiter: scores[delimiter], default="")
    if scores.get(best, 0.0) > 0:
        return "" if best == " " and are_words(lines, replace(base, delimiter=best), fixed) else best
    first = next((line for line in lines if line.strip()), "")
    return "," if any(mark in first for mark in USUAL_DELIMITERS) else ""


def candidates_in(lines: list[str]) -> list[str]:
    """Separators that may be meant, the longest first so that a tie goes to them."""
    text = "".join(lines)
    runs: Counter[str] = Counter()
    for line in lines[:200]:
        runs.update(set(MARK_RUN.findall(line)))
    usual = [
        run for run, count in runs.most_common(MOST_RUNS) if count >= RUN_SHARE * min(len(lines), 200) - 1
    ]
    spaced = [mark for mark in (", ", "; ") if f'{mark}"' in text]
    singles = [mark for mark in (*USUAL_DELIMITERS, *RARE_DELIMITERS) if mark in text]
    return [*sorted(usual, key=len, reverse=True), *spaced, *singles]


def score_delimiter(lines: list[str], dialect: Dialect, fixed: frozenset[str]) -> float:
    """Share of lines in rows of the usual width, less what speaks against this separator."""
    delimiter = dialect.delimiter
    parsed = parse_best_quoting(lines, dialect, fixed)
    width = parsed.usual_width()
    if width < 2:
        return 0.0
    fitting = [row for row in parsed.rows if len(row) == width]
    titles = titles_above(parsed, width)
    fit = len(fitting) / (len(parsed.rows) - titles + len(parsed.broken))
    labelled = is_named(fitting) or has_column(fitting, is_label)
    rare = RARE_DELIMITERS.get(delimiter, 0.0)
    if delimiter in NEEDS_A_LABEL and (len(fitting) < FEWEST_ROWS or fit < 0.9 or not labelled):
        return 0.0
    later = [cell for row in fitting for cell in row[1:]]
    prose = sum(cell[:1] == " " and cell.strip() != "" for cell in later) / len(later)
    if delimiter.endswith(" ") and len(delimiter) > 1:
        prose = 1.0 - sum(cell[:1] != " " for cell in later) / len(later)
    if titles and prose > PROSE_SHARE and not labelled:
        return 0.0
    empty = any(map(is_hollow, zip(*fitting, strict=True)))
    return (
        fit
        - (TITLE_PENALTY if titles else 0.0)
        + (LABEL_BONUS if labelled else 0.0)
        - (PROSE_PENALTY * prose if delimiter != "\t" else 0.0)
        - (EMPTY_COLUMN_PENALTY if empty else 0.0)
        - rare
    )


def is_hollow(column: tuple[str, ...]) -> bool:
    """Whether a column holds nothing, or the same marks in each row: a piece of a longer separator."""
    return not any(map(str.isalnum, column[0])) and len(set(column)) == 1


def titles_above(parsed: Parsed, width: int) -> int:
    """How many rows stand above the first of the usual width."""
    return next((index for index, row in enumerate(parsed.rows) if len(row) == width), 0)


def are_words(lines: list[str], dialect: Dialect, fixed: frozenset[str]) -> bool:
    """Whether blanks separate no cells but the words of texts that are equally long.

    A table of them has a line of known names, a column of numbers, or quotes around the blanks of a cell.
    """
    parsed = parse_best_quoting(lines, dialect, fixed)
    width = parsed.usual_width()
    fitting = [row for row in parsed.rows if len(row) == width]
    quoted = any(" " in cell for row in fitting for cell in row)
    return titles_above(parsed, width) > 0 or not (
        is_named(fitting) or has_column(fitting, is_numeric) or quoted
    )


def is_named(fitting: list[list[str]]) -> bool:
    """Whether the first row names columns as tables do."""
    return all(cell.strip().casefold() in KNOWN_NAMES for cell in fitting[0])


def has_column(fitting: list[list[str]], is_such: Callable[[tuple[str, ...]], bool]) -> bool:
    """Whether a column is such, with its first cell or without it."""
    return any(any(map(is_such, zip(*rows, strict=True))) for rows in (fitting, fitting[1:]))


def is_label(column: tuple[str, ...]) -> bool:
    """Whether the cells of a column are numbers, or few short values again and again."""
    filled = [cell for cell in column if cell.strip()]
    if len(filled) < FEWEST_ROWS or max(map(len, filled)) > LONGEST_LABEL:
        return False
    return is_numeric(column) or len(set(filled)) <= len(filled) / 2


def is_numeric(column: tuple[str, ...]) -> bool:
    """Whether the cells of a column are numbers."""
    filled = [cell for cell in column if cell.strip()]
    return len(filled) >= FEWEST_ROWS and all(map(is_number, filled))


def returns_end_lines(text: str, options: ReadOptions) -> bool:
    """Whether a lone carriage return ends a line: it does where no line feed is, or where it fits better.

    Where both fit, it does if that makes more rows of several cells: then line feeds stand within cells.
    """
    if "\r" not in text or not LONE_RETURN.search(text):
        return False
    if "\n" not in text:
        return True
    shares = []
    for ends in (False, True):
        lines = head_of(split_lines(text, ends))
        parsed = parse_best_quoting(lines, find_dialect(lines, options, ends))
        fitting = int((parsed.widths() == parsed.usual_width()).sum())
        several = parsed.usual_width() > 1
        share = fitting / max(1, len(parsed.rows) + len(parsed.broken))
        shares.append((share, several, fitting if several else 0))
    return shares[1] > shares[0]
