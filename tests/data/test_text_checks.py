"""Each finding about single texts: the rows that have it, and tables that do not."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from studio.data.checks.characters import find_controls, find_html, find_lost, find_mojibake, find_urls
from studio.data.checks.giveaway import check_giveaway, find_written
from studio.data.checks.personal import find_emails, find_numbers, find_phones
from studio.data.checks.rows import Checked, check_frames
from studio.data.checks.scripts import find_languages, find_scripts
from studio.data.near import find_near_duplicates
from studio.data.problems import Problem
from tests.data.tables import CHINESE, many_rows

ROLES = {"text": "message", "label": "topic"}


def check(rows: Sequence[tuple[str, str]], *, near: bool = False) -> Checked:
    """Check rows of (text, label), the first on line 2."""
    frame = pd.DataFrame(rows, columns=["text", "label"]).astype("str")
    frame = frame.assign(line=range(2, len(rows) + 2), file="t.csv", split="all")
    return check_frames({"all": frame}, ROLES, near=find_near_duplicates(frame["text"]) if near else None)


def lines_of(checked: Checked, code: str) -> list[int]:
    """The lines of the rows that are marked with a finding."""
    if code not in checked.codes:
        return []
    bit = checked.codes.index(code)
    return checked.rows.loc[checked.rows["marks"].to_numpy() >> bit & 1 == 1, "line"].tolist()


PLAIN = [
    "Where is my order, please? It was due on Monday.",
    "The café closes at 8 — naïve of me to come at 9.",
    "NÃO é possível, disse ela: «não»",
    "un café\u00a0», dit-il; l’été…”, AMANHÔ",
    "酒店的位置很好，服务也不错。",
    "5 < 6 and AT&T; a <- b, x > y",
    "Version 3.11.7 of 2024-11-25, 1,234,567.89 in all",
    "order 20241125123456 for 12345678 pieces",
    "me@home and you @work",
    "tab\there\nand a new line",
]
FOUND = [
    (find_lost, ["lost \ufffd sign", "\ufffd\ufffd"]),
    (find_controls, ["a\x00b", "bell \x07", "del\x7f"]),
    (
        find_mojibake,
        [
            "cafÃ© au lait",
            "donâ€™t",
            "it\x92s",
            "Â£5 off",
            "Ð¿Ñ€Ð¸Ð²ÐµÑ‚",
            "æ\x9d\x8eè€\x81å¸ˆ",
            "ÄãºÃ£¬ÒÑÇ©ÊÕ",
            "浣犲ソ锛屾敹鍒颁簡",
        ],
    ),
    (find_html, ["<p>one</p>", "a<br/>b", "Fish &amp; chips", '<a href="x">y</a>', "&#8226;", "</div>"]),
    (find_lost, ["the caf\ufffd", "我要锟斤拷锟斤拷退款"]),
    (find_urls, ["see https://example.org/x", "www.example.com is down", "看http://a.cn/b"]),
    (find_emails, ["write to ann.lee+x@example.co.uk.", "邮箱wang@example.cn谢谢"]),
    (
        find_phones,
        [
            "call +44 20 7946 0958 now",
            "联系13501907120谢谢",
            "(212) 555-0143",
            "212-555-0143",
            "电话010-51236699转3037",
            "0800 169 6031",
            "09061701461",
        ],
    ),
    (
        find_numbers,
        [
            "身份证11010519491231002X。",
            "card 4111 1111 1111 1111",
            "ssn 078-05-1120.",
            "to GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
        ],
    ),
]


@pytest.mark.parametrize(("find", "texts"), FOUND, ids=[find.__name__ for find, _ in FOUND])
def test_a_text_that_holds_it_is_found_and_a_plain_one_is_not(find, texts: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert find(pd.Series(texts, dtype="str")).tolist() == [True] * len(texts)
    assert find(pd.Series(PLAIN, dtype="str")).tolist() == [False] * len(PLAIN)


def test_numbers_with_a_wrong_check_digit_are_not_found() -> None:
    wrong = ["110105194912310021", "4111 1111 1111 1112", "000-05-1120", "GB82 WEST 1234 5698 7654 33"]
    assert not find_numbers(pd.Series(wrong, dtype="str")).any()


CODES = [
    ("control_characters", "warning", "an \x01 odd thing"),
    ("mojibake", "warning", "the cafÃ© is open"),
    ("lost_characters", "warning", "the caf\ufffd is open"),
    ("html", "note", "this is <b>bold</b>"),
    ("urls", "note", "see https://example.org"),
    ("email_addresses", "warning", "write to ann@example.org"),
    ("phone_numbers", "warning", "call 212-555-0143 now"),
    ("id_numbers", "warning", "my card is 4111 1111 1111 1111"),
    ("long_text", "note", "word " * 500),
]


@pytest.mark.parametrize(("code", "severity", "text"), CODES, ids=[code for code, _, _ in CODES])
def test_a_finding_about_a_text_names_its_row_and_not_what_it_holds(
    code: str, severity: str, text: str
) -> None:
    checked = check([*many_rows(150), (text, "good")])
    problem = next(each for each in checked.problems if each.code == code)
    assert (problem.severity, problem.count, problem.rows, problem.column) == (severity, 1, (152,), "message")
    assert lines_of(checked, code) == [152]
    assert not any(word in problem.message for word in text.split() if len(word) > 8)


def test_tags_and_characters_in_the_writing_of_html_are_told_apart() -> None:
    def told(*texts: str) -> Problem:
        checked = check([*many_rows(150), *((text, "good") for text in texts)])
        return next(each for each in checked.problems if each.code == "html")

    coded = told("fish &amp; chips", "one &#39;two&#39;")
    assert coded.message.startswith("2 rows hold characters in the writing of HTML, such as &amp; for & (")
    assert "Tags" not in coded.why and "tags" not in coded.hint
    assert told("this is <b>bold</b>").message.startswith("1 row holds tags of HTML, such as <br> (")
    both = told("this is <b>bold</b>", "fish &amp; <i>chips</i>", "peas &amp; mash")
    assert both.count == 3
    assert both.message.endswith(" Tags are in 2, characters such as &amp; in 2.")


def test_a_good_table_has_neither_findings_nor_marks() -> None:
    checked = check(many_rows(200))
    assert (checked.problems, checked.codes, checked.rows["marks"].sum()) == ((), (), 0)


def test_the_script_of_a_text_is_the_one_most_of_it_is_in() -> None:
    texts = {
        "Where is it?": "Latin",
        "手机 iPhone 很好": "Chinese",
        "The word 茶 means tea in Chinese": "Latin",
        "これは日本語の文です": "Japanese",
        "한국어 문장": "Korean",
        "Привет, мир": "Cyrillic",
        "123 + 45": "",
        "über alles": "Latin",
    }
    assert find_scripts(pd.Series(list(texts), dtype="str")).tolist() == list(texts.values())


def test_a_small_group_in_another_script_is_a_warning_with_its_rows() -> None:
    checked = check([*many_rows(100), *[(text, "good") for text, _ in CHINESE]])
    problem = next(each for each in checked.problems if each.code == "mixed_scripts")
    assert (problem.severity, problem.count) == ("warning", len(CHINESE))
    assert lines_of(checked, "mixed_scripts") == list(range(102, 102 + len(CHINESE)))
    assert "Latin 92.6 %, Chinese 7.41 %" in problem.message


def test_halves_of_two_scripts_are_a_note_about_the_whole() -> None:
    checked = check([*many_rows(100), *[(f"第{number}条消息是这样写的", "good") for number in range(100)]])
    problem = next(each for each in checked.problems if each.code == "mixed_scripts")
    assert (problem.severity, problem.rows) == ("note", ())


GERMAN = [f"Das ist nicht die Nummer {number}, und ich warte auf den Brief" for number in range(12)]


def test_a_small_group_in_another_language_is_a_warning() -> None:
    english = [
        (f"This is the message with number {number} that I sent to you", ["good", "bad"][number % 2])
        for number in range(100)
    ]
    checked = check([*english, *[(text, "good") for text in GERMAN]])
    assert lines_of(checked, "mixed_languages") == list(range(102, 114))
    assert "mixed_languages" not in check(english).codes


def test_the_language_is_told_by_short_words_and_left_open_where_unclear() -> None:
    texts = {
        "The cat is on the mat": "English",
        GERMAN[0]: "German",
        "Je ne sais pas où est la gare, et vous": "French",
        "No sé dónde están las llaves, pero la puerta es para el perro": "Spanish",
        "Non so che cosa sono questi, per il momento": "Italian",
        "Eu quero uma casa com muito sol, mas não em Lisboa": "Portuguese",
        "Ik weet niet wat het is, maar een huis van steen": "Dutch",
        "Banana phone": "",
    }
    assert find_languages(pd.Series(list(texts), dtype="str")).tolist() == list(texts.values())


def test_a_label_written_in_the_text_is_a_warning() -> None:
    rows = [(f"[{label}] {text}", label) for text, label in many_rows(60)]
    checked = check([*rows, *many_rows(60)])
    assert lines_of(checked, "label_in_text") == list(range(2, 62))
    marks = ["sport: they won", "#Sport is fun", "__label__sport won", "[SPORT] won", "topic: sport | won"]
    found = find_written(pd.Series(marks, dtype="str"), pd.Series(["sport"] * 5, dtype="str"))
    assert found.tolist() == [True, True, True, True, True]
    plain = ["sport is fun", "transport: late", "I like sport", "sports: all of them"]
    assert not find_written(pd.Series(plain, dtype="str"), pd.Series(["sport"] * 4, dtype="str")).any()


def table_with(**columns: Sequence[object]) -> pd.DataFrame:
    """A table of 200 texts with further columns."""
    frame = pd.DataFrame(many_rows(200), columns=["message", "topic"])
    return frame.assign(**columns).astype("str")


def test_a_column_that_gives_the_label_away_is_named() -> None:
    frame = table_with(
        label_id=[index % 2 for index in range(200)],
        score=[0.9 - index / 1000 if index % 2 == 0 else 0.4 - index / 1000 for index in range(200)],
        nearly=["x" if index % 2 == 0 or index == 9 else "y" for index in range(200)],
        customer=[index // 10 for index in range(200)],
        id=[index for index in range(200)],
        note=["" for _ in range(200)],
    )
    found = check_giveaway(frame, ROLES, "t.csv")
    assert [(each.code, each.severity, each.column) for each in found] == [
        ("label_giveaway", "note", "label_id"),
        ("label_giveaway", "note", "score"),
        ("label_giveaway", "note", "nearly"),
    ]
    assert found[2].message == "'nearly' alone tells the label of 99.5 % of the rows."


def test_a_text_that_is_nothing_but_the_label_is_a_warning() -> None:
    frame = table_with(message=["yes" if index % 2 else "no" for index in range(200)])
    assert [each.severity for each in check_giveaway(frame, ROLES, "t.csv")] == ["warning"]


def test_an_option_that_gives_the_label_away_is_told_to_be_written_anew() -> None:
    right = ["B" if index % 2 else "A" for index in range(200)]
    frame = table_with(
        topic=right, A=list(map(str, range(200))), B=["yes" if x == "B" else "no" for x in right]
    )
    roles = {**ROLES, "choices": "A, B"}
    (found,) = check_giveaway(frame, roles, "t.csv")
    assert (found.column, found.severity) == ("B", "warning")
    assert found.hint.startswith("Write options")


def test_nothing_is_given_away_where_one_label_is_all_but_certain() -> None:
    frame = table_with(topic=["good"] * 198 + ["bad"] * 2, customer=["x"] * 200)
    assert check_giveaway(frame, ROLES, "t.csv") == []


def test_a_label_of_any_script_and_any_sign_is_looked_for_as_it_is() -> None:
    labels = ["好评", "é à", "a.b", "x|y", "{n}"]
    texts = ["好评：很好", "é à: oui", "axb: no", "[x|y] this", "{n}: brace"]
    found = find_written(pd.Series(texts, dtype="str"), pd.Series(labels, dtype="str"))
    assert found.tolist() == [True, True, False, True, True]
