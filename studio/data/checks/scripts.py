"""Which scripts and languages the texts are written in, where there is more than one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, View, Words, about_all, files_of, report_rows
from studio.data.checks.matching import count_matches, is_ascii, matches
from studio.data.problems import Problem

# In this order: Japanese is told from Chinese by its own letters, which stand beside Chinese ones.
SCRIPTS = {
    "Japanese": r"[\p{Hiragana}\p{Katakana}]",
    "Korean": r"\p{Hangul}",
    "Chinese": r"\p{Han}",
    "Cyrillic": r"\p{Cyrillic}",
    "Arabic": r"\p{Arabic}",
    "Greek": r"\p{Greek}",
    "Hebrew": r"\p{Hebrew}",
    "Thai": r"\p{Thai}",
    "Devanagari": r"\p{Devanagari}",
}
LATIN = "Latin"
LATIN_LETTER = r"[A-Za-z\x{C0}-\x{24F}]"
# A Chinese, Japanese or Korean character says about as much as three Latin letters.
WEIGHT = {"Japanese": 3, "Korean": 3, "Chinese": 3}
SMALL_SHARE, LARGE_SHARE = 0.01, 0.40
UNKNOWN = ""
SAMPLE_ROWS = 20_000
# Short words that are common in one language; a text is in the one of which it has most, and two at least.
FUNCTION_WORDS = {
    "English": "the and of to is that was with for you this are not have from they it be",
    "German": "der die das und ist nicht ein eine mit für ich auf den sie wir auch von zu im dem",
    "French": "le la les et est pas une des dans pour que qui je vous sur au du en un nous",
    "Spanish": "el la los las es una por para con que muy pero como del en un lo se de",
    "Italian": "il la che non per della sono con una di gli nel anche un del mi le si questo",
    "Portuguese": "os uma para com que em da muito mas um por na dos eu isso foi não ao pelo",
    "Dutch": "het een niet van en dat ik voor met zijn op maar is de te aan ook er bij nog",
}
FEWEST_WORDS = 2

MIXED_SCRIPTS = Words(
    "mixed_scripts",
    "warning",
    "row is not in the commonest of the scripts",
    "rows are not in the commonest of the scripts",
    "A checkpoint for one language reads others poorly, and a small group is learnt poorly.",
    "Choose a multilingual checkpoint, or leave the other rows out.",
)
MIXED_LANGUAGES = Words(
    "mixed_languages",
    "warning",
    "row is not in the commonest of the languages",
    "rows are not in the commonest of the languages",
    "A checkpoint for one language reads others poorly, and a small group is learnt poorly.",
    "Choose a multilingual checkpoint, or leave the other rows out.",
)


def check_scripts(view: View) -> list[Finding]:
    """The share of each script and language: a warning where a smaller one has 1 to 40 % of the rows."""
    cells = view.rows[view.main]
    column = view.roles[view.main]
    scripts = find_scripts(cells)
    found = report_mix(view.rows, scripts, MIXED_SCRIPTS, column)
    latin = scripts == LATIN
    if latin.mean() < SMALL_SHARE or not has_languages(cells[latin]):
        return found
    languages = np.full(len(cells), UNKNOWN, dtype=object)
    languages[latin] = find_languages(cells[latin])
    return [*found, *report_mix(view.rows, languages, MIXED_LANGUAGES, column)]


def has_languages(cells: pd.Series) -> bool:
    """Whether a sample of texts in Latin script seems to be in several languages."""
    step = max(1, len(cells) // SAMPLE_ROWS)
    shares = share_of_each(find_languages(cells.iloc[::step]))
    return bool((shares >= SMALL_SHARE).sum() > 1)


def report_mix(rows: pd.DataFrame, names: np.ndarray, words: Words, column: str) -> list[Finding]:
    """A finding where several scripts, or languages, have a share worth saying."""
    shares = share_of_each(names)
    if (shares >= SMALL_SHARE).sum() < 2:
        return []
    told = ", ".join(f"{name} {100 * share:.3g} %" for name, share in shares.items() if share >= SMALL_SHARE)
    small = [name for name, share in shares.items() if share <= LARGE_SHARE]
    if small:
        return report_rows(rows, np.isin(names, small), words, column, f" In all: {told}.")
    # About as many of each: no row is the odd one out.
    message = f"The texts are written in {words.one.split()[-1]}: {told}."
    return [about_all(Problem("note", words.code, message, words.why, words.hint, files_of(rows), column))]


def share_of_each(names: np.ndarray) -> pd.Series:
    """The share of each name among the rows that have one, the largest first."""
    counts = pd.Series(names[names != UNKNOWN]).value_counts()
    return counts / max(1, counts.sum())


def find_scripts(cells: pd.Series) -> np.ndarray:
    """The script that most of each cell is written in, as an array of str; "" for a cell without letters."""
    names = np.full(len(cells), UNKNOWN, dtype=object)
    plain = is_ascii(cells)
    names[matches(cells, "[A-Za-z]", among=plain)] = LATIN
    places = np.flatnonzero(~plain)
    if len(places):
        names[places] = find_among(cells.iloc[places])
    return names


def find_among(cells: pd.Series) -> np.ndarray:
    """The script of each of these cells, which are not plain ASCII."""
    best = count_matches(cells, LATIN_LETTER)
    names = np.where(best > 0, LATIN, UNKNOWN).astype(object)
    pending = np.ones(len(cells), dtype=bool)
    for name, pattern in SCRIPTS.items():
        places = np.flatnonzero(matches(cells, pattern, among=pending))
        if not len(places):
            continue
        letters = count_matches(cells.iloc[places], pattern) * WEIGHT.get(name, 1)
        if name in ("Japanese", "Korean"):
            letters += count_matches(cells.iloc[places], SCRIPTS["Chinese"]) * WEIGHT["Chinese"]
        more = letters >= best[places]
        names[places[more]] = name
        best[places[more]] = letters[more]
        # Chinese characters of Japanese and Korean texts are not counted again as Chinese.
        if name in ("Japanese", "Korean"):
            pending[places[more]] = False
    return names


def find_languages(cells: pd.Series) -> np.ndarray:
    """The language of each text in Latin script by its short words, as an array of str; "" where unclear."""
    counts = np.stack([count_matches(cells, word_pattern(words)) for words in FUNCTION_WORDS.values()])
    ordered = np.sort(counts, axis=0)
    clear = (ordered[-1] >= FEWEST_WORDS) & (ordered[-1] > ordered[-2])
    names = np.array([*FUNCTION_WORDS], dtype=object)[counts.argmax(axis=0)]
    return np.where(clear, names, UNKNOWN).astype(object)


def word_pattern(words: str) -> str:
    """An RE2 pattern for any of these words, upper and small letters alike."""
    return rf"(?i)\b(?:{'|'.join(words.split())})\b"
