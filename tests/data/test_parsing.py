"""Separators and quotes are found by what fits the rows."""

from __future__ import annotations

from studio.data.readers import ReadOptions
from studio.data.readers.dialects import find_dialect, guess_delimiter, returns_end_lines
from studio.data.readers.lines import split_lines
from studio.data.readers.parsing import Parsed, parse_lines


def parse_text(text: str, delimiter: str | None = None) -> Parsed:
    """Read a text with the dialect that fits it."""
    options = ReadOptions(delimiter=delimiter)
    ends = returns_end_lines(text, options)
    lines = split_lines(text, ends)
    return parse_lines(lines, find_dialect(lines, options, ends))


def test_rows_start_on_physical_lines_and_quoted_breaks_stay_as_they_are() -> None:
    parsed = parse_text('text,label\r\n"one\r\ntwo",a\r\nthree,b\r\n')
    assert parsed.rows == [["text", "label"], ["one\r\ntwo", "a"], ["three", "b"]]
    assert parsed.starts == [1, 2, 4]


def test_short_texts_of_as_many_words_each_are_one_column_under_a_header_or_without() -> None:
    words = ("late parcel", "broken password", "lost card", "late refund")
    sentences = ("the parcel was late again", "the card was lost again", "my order was wrong again")
    for texts in (words, sentences):
        for count in (8, 16, 24, 40):
            rows = [f"{texts[number % len(texts)]}\n" for number in range(count)]
            assert guess_delimiter(["product\n", *rows]) == "" and guess_delimiter(rows) == ""
    numbers = [f"{number} parcel late\n" for number in range(16)]
    assert guess_delimiter(numbers) == " ", "a table of a number and words"


def test_quotes_in_an_unquoted_table_are_plain_characters() -> None:
    text = '1\t"good" hotel\n0\tthe "worst\n1\t" nice "\n0\tends with "\n'
    parsed = parse_text(text)
    assert parsed.dialect.quote is None
    assert [row[1] for row in parsed.rows] == ['"good" hotel', 'the "worst', '" nice "', 'ends with "']


def test_a_whole_cell_in_quotes_keeps_them_in_a_tab_separated_table_that_quotes_nothing_else() -> None:
    assert parse_text('1\tfine\n0\t"awful"\n').rows == [["1", "fine"], ["0", '"awful"']]
    assert parse_text('1,fine\n0,"awful"\n').rows == [["1", "fine"], ["0", "awful"]]


def test_a_tab_separated_table_with_written_quotes_is_read_without_them() -> None:
    text = '1\t"a ""fine"" one"\n0\tawful\n1\t""\n1\t"two\nlines"\n'
    assert [row[1] for row in parse_text(text).rows] == ['a "fine" one', "awful", "", "two\nlines"]


def test_an_unclosed_quote_never_swallows_the_rows_after_it() -> None:
    text = '1\t"opened here\n' + "".join(f"0\trow {index}\n" for index in range(5)) + '1\tclosed here"\n'
    parsed = parse_text(text)
    assert len(parsed.rows) == 7


def test_a_broken_quote_in_a_quoted_table_costs_one_row_and_is_named() -> None:
    text = '"a, b",x\n"c, d",y\n"broken" here, e",x\n"f, g",y\n'
    parsed = parse_text(text)
    assert parsed.dialect.quote == '"'
    assert parsed.rows == [["a, b", "x"], ["c, d", "y"], ["f, g", "y"]]
    assert parsed.broken == [3]


def test_always_quoted_tables_lose_their_quotes_even_with_a_broken_row() -> None:
    text = '"good","x"\n"bad","y"\n"so"so","y"\n"fine","x"\n'
    parsed = parse_text(text)
    assert parsed.rows == [["good", "x"], ["bad", "y"], ["fine", "x"]]
    assert parsed.broken == [3]


def test_commas_in_prose_do_not_beat_the_real_separator() -> None:
    lines = split_lines("Hello, world;a\nWell, well;b\nYes, no;a\n")
    assert guess_delimiter(lines) == ";"


def test_decimal_commas_do_not_beat_the_semicolon() -> None:
    lines = split_lines("text;score\nfine;1,5\nbad;2,5\n")
    assert guess_delimiter(lines) == ";"


def test_a_file_that_only_knows_carriage_returns_has_rows() -> None:
    parsed = parse_text("text,label\rone,a\rtwo,b\r")
    assert parsed.rows == [["text", "label"], ["one", "a"], ["two", "b"]]
    assert parsed.starts == [1, 2, 3]


def test_a_lone_carriage_return_inside_a_cell_stays_there() -> None:
    assert parse_text("text,label\none\rtwo,a\nthree,b\n").rows[1] == ["one\rtwo", "a"]


def test_a_line_feed_inside_a_cell_of_a_file_of_carriage_returns_stays_there() -> None:
    parsed = parse_text('"0"~""\r""~"0"\r""~"0"\r"0\n"~"~0"\r""~"0"\r', "~")
    assert parsed.rows == [["0", ""], ["", "0"], ["", "0"], ["0\n", "~0"], ["", "0"]]


def test_line_separators_of_unicode_do_not_end_a_row() -> None:
    assert parse_text("one\u2028still one\ta\ntwo\x85still two\tb\n").rows == [
        ["one\u2028still one", "a"],
        ["two\x85still two", "b"],
    ]


def test_blank_lines_are_counted_not_read() -> None:
    parsed = parse_text("a,b\n\nc,d\n\n")
    assert parsed.rows == [["a", "b"], ["c", "d"]]
    assert parsed.blank == [2, 4]


def test_many_broken_rows_are_read_in_reasonable_time() -> None:
    text = '"a, b",x\n' * 20_000 + '"broken" here, e",x\n' * 10_000
    parsed = parse_text(text, ",")
    assert len(parsed.rows) + len(parsed.broken) == 30_000
