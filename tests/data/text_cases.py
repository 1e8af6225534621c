"""Files of delimited text, one per way of being written or being wrong, each with the table expected."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.phrases import LANGUAGES
from studio.data.readers import ReadOptions

Row = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A file and what is read from it.

    ``lines`` are the physical lines of the rows; ``dropped`` is {code: lines} of the rows left out;
    ``notes`` is {code: lines} of the other findings.
    """

    name: str
    data: str | bytes
    rows: list[Row]
    lines: list[int]
    columns: Row = ("text", "label")
    dropped: dict[str, tuple[int, ...]] = field(default_factory=dict)
    notes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    options: ReadOptions = field(default_factory=ReadOptions)
    repaired: int = 0

    def to_bytes(self) -> bytes:
        """The file."""
        return self.data if isinstance(self.data, bytes) else self.data.encode()

    def __str__(self) -> str:
        return self.name


A, B, C, D = (
    ("where is my order", "late"),
    ("box was damaged", "other"),
    ("paid twice", "money"),
    ("hi", "late"),
)
E, F = ("the lamp flickers", "other"), ("please send the manual", "late")
FOUR = [A, B, C, D]
PLAIN = "where is my order,late\nbox was damaged,other\npaid twice,money\nhi,late\n"
HEAD = "text,label\n"
COMMA = HEAD + PLAIN
LINES = [2, 3, 4, 5]
NUMBERED = ("column_1", "column_2")
COMMAS = [("well, well", "late"), ("no, never", "other"), ("yes, always", "money"), ("so, so", "late")]
QUOTED = HEAD + "".join(f'"{text}",{label}\n' for text, label in COMMAS)


def repair(*actions: str) -> ReadOptions:
    """Options with these repairs."""
    return ReadOptions(repairs=frozenset(actions))


LINE_ENDS = [
    Case("LF", COMMA, FOUR, LINES),
    Case("CRLF", COMMA.replace("\n", "\r\n"), FOUR, LINES),
    Case("CR", COMMA.replace("\n", "\r"), FOUR, LINES),
    Case("CR CR LF of a file written twice as text", COMMA.replace("\n", "\r\r\n"), FOUR, LINES),
    Case("LF first, CRLF later", HEAD + PLAIN.replace("\n", "\r\n"), FOUR, LINES),
    Case("CRLF first, LF later", HEAD.replace("\n", "\r\n") + PLAIN, FOUR, LINES),
    Case("LF first, CR later", HEAD + PLAIN.replace("\n", "\r"), FOUR, LINES),
    Case("no end of the last line", COMMA.rstrip("\n"), FOUR, LINES),
    Case(
        "CR inside a cell", HEAD + "one\rtwo,late\n" + PLAIN, [("one\rtwo", "late"), *FOUR], [2, 3, 4, 5, 6]
    ),
    Case("LF in quotes", HEAD + '"one\ntwo",late\n' + PLAIN, [("one\ntwo", "late"), *FOUR], [2, 4, 5, 6, 7]),
    Case(
        "CRLF in quotes",
        (HEAD + '"one\ntwo",late\n' + PLAIN).replace("\n", "\r\n"),
        [("one\r\ntwo", "late"), *FOUR],
        [2, 4, 5, 6, 7],
    ),
    Case(
        "CR in quotes of a CR file",
        (HEAD + '"one\ntwo",late\n' + PLAIN).replace("\n", "\r"),
        [("one\rtwo", "late"), *FOUR],
        [2, 4, 5, 6, 7],
    ),
    Case(
        "U+2028 and U+0085 are text",
        COMMA.replace("hi", "h\u2028i\x85"),
        [A, B, C, ("h\u2028i\x85", "late")],
        LINES,
    ),
]
SEPARATED = [
    Case(f"separator {mark!r}", COMMA.replace(",", mark), FOUR, LINES)
    for mark in (
        ";",
        "\t",
        "|",
        "||",
        "|||",
        "::",
        "##$$&&",
        "@@",
        "~",
        "^",
        ":",
        "<SEP>",
        "[SEP]",
        "\t\t",
        "--",
        "%%",
        "~|~",
    )
]
SEPARATED += [
    Case(
        f"separator {mark!r} given",
        COMMA.replace(",", mark),
        FOUR,
        LINES,
        options=ReadOptions(delimiter=mark),
    )
    for mark in ("$", "#", "/", "=>", "<->", "\u00a7", "\u3001")
]
SEPARATED += [
    Case("tab by its name", COMMA.replace(",", "\t"), FOUR, LINES, options=ReadOptions(delimiter="tab")),
    Case("tab as \\t", COMMA.replace(",", "\t"), FOUR, LINES, options=ReadOptions(delimiter="\\t")),
    Case("control character 1 of Hive", COMMA.replace(",", "\x01"), FOUR, LINES),
    Case(
        "blanks with quoted texts",
        "".join(f'"{text}" {label}\n' for text, label in [*FOUR, E, F]),
        [*FOUR, E, F],
        [1, 2, 3, 4, 5, 6],
        NUMBERED,
    ),
    Case(
        "a multi-character separator inside quotes",
        'text||label\n"a||b"||late\nc||other\nd||late\n',
        [("a||b", "late"), ("c", "other"), ("d", "late")],
        [2, 3, 4],
    ),
    Case(
        "semicolons with decimal commas",
        "text;score\nfine;1,5\nbad;2,5\nso so;3,5\n",
        [("fine", "1,5"), ("bad", "2,5"), ("so so", "3,5")],
        [2, 3, 4],
        ("text", "score"),
    ),
    Case(
        "commas in prose",
        "Hello, you;late\nWell, well;other\nYes, no;late\nOh, my;late\n",
        [("Hello, you", "late"), ("Well, well", "other"), ("Yes, no", "late"), ("Oh, my", "late")],
        [1, 2, 3, 4],
        NUMBERED,
    ),
    Case("Excel names its separator", "sep=;\n" + COMMA.replace(",", ";"), FOUR, [3, 4, 5, 6]),
    Case(
        "a blank after each comma, before quotes",
        'label, text\nlate, "a, b"\nother, "c, d"\nlate, "e, f"\n',
        [("late", "a, b"), ("other", "c, d"), ("late", "e, f")],
        [2, 3, 4],
        ("label", "text"),
    ),
    Case(
        "one column of sentences with commas",
        "text\nfirst, of all\nsecond\nthird, and last\nfourth\n",
        [("first, of all",), ("second",), ("third, and last",), ("fourth",)],
        [2, 3, 4, 5],
        ("text",),
    ),
    Case(
        "one column of sentences that all have a comma",
        "text\nfirst, of all\nsecond, then\nthird, and last\n",
        [("first, of all",), ("second, then",), ("third, and last",)],
        [2, 3, 4],
        ("text",),
    ),
    Case(
        "one column, in quotes where it has commas",
        'text\nWhy is it broken?\n"So wrong, what now?"\nMy charger died\n"No, thanks"\n',
        [("Why is it broken?",), ("So wrong, what now?",), ("My charger died",), ("No, thanks",)],
        [2, 3, 4, 5],
        ("text",),
    ),
    Case(
        "one column in which people are quoted",
        'text\n"Why, no", she said\n"So wrong, really"\nWell, then\n"Fine"\n',
        [('"Why, no", she said',), ('"So wrong, really"',), ("Well, then",), ('"Fine"',)],
        [2, 3, 4, 5],
        ("text",),
    ),
    Case(
        "one column in quotes",
        'text\n"a, b"\n"say ""c"""\n"d\ne"\n',
        [("a, b",), ('say "c"',), ("d\ne",)],
        [2, 3, 4],
        ("text",),
    ),
    Case(
        "one column",
        "text\none\ntwo words\nthree\n",
        [("one",), ("two words",), ("three",)],
        [2, 3, 4],
        ("text",),
    ),
]
QUOTES = [
    Case("double quotes where needed", QUOTED, COMMAS, LINES),
    Case("single quotes", QUOTED.replace('"', "'"), COMMAS, LINES),
    Case(
        "everything in quotes",
        "".join(f'"{text}","{label}"\n' for text, label in [("text", "label"), *FOUR]),
        FOUR,
        LINES,
    ),
    Case(
        "doubled quotes",
        HEAD + '"a ""b"" c",late\n"d, ""e""",other\n',
        [('a "b" c', "late"), ('d, "e"', "other")],
        [2, 3],
    ),
    Case(
        "backslash escapes",
        HEAD + '"a \\"b\\", c",late\n"d, e",other\nf,late\n',
        [('a "b", c', "late"), ("d, e", "other"), ("f", "late")],
        [2, 3, 4],
    ),
    Case(
        "a separator after a backslash",
        HEAD + "a\\, b,late\nc\\, d,other\ne,late\nf,late\n",
        [("a, b", "late"), ("c, d", "other"), ("e", "late"), ("f", "late")],
        LINES,
    ),
    Case(
        "a backslash that escapes nothing",
        HEAD + '"C:\\dir, x\\",late\n"a, b",other\nc,late\n',
        [("C:\\dir, x\\", "late"), ("a, b", "other"), ("c", "late")],
        [2, 3, 4],
    ),
    Case(
        "plain quotes of a tab-separated file",
        '1\t"good" hotel\n0\tthe "worst\n1\t" nice "\n0\tends with "\n',
        [("1", '"good" hotel'), ("0", 'the "worst'), ("1", '" nice "'), ("0", 'ends with "')],
        [1, 2, 3, 4],
        NUMBERED,
    ),
    Case(
        "quotes as plain characters, as asked",
        HEAD + '"a",late\n"b",other\n',
        [('"a"', "late"), ('"b"', "other")],
        [2, 3],
        options=ReadOptions(quote=""),
    ),
    Case(
        "another quote, as asked",
        HEAD + "$a, b$,late\n$c, d$,other\n",
        [("a, b", "late"), ("c, d", "other")],
        [2, 3],
        options=ReadOptions(quote="$"),
    ),
    Case(
        "another escape, as asked",
        HEAD + '"a ^"b^"",late\n"c, d",other\n',
        [('a "b"', "late"), ("c, d", "other")],
        [2, 3],
        options=ReadOptions(quote='"', escape="^"),
    ),
    Case(
        "apostrophes are no quotes",
        HEAD + "'tis nice,late\nthe dogs',other\nit's,late\n",
        [("'tis nice", "late"), ("the dogs'", "other"), ("it's", "late")],
        [2, 3, 4],
    ),
    Case(
        "an unclosed quote does not swallow the rows below",
        HEAD + '"open here,late\n"x, y",other\n' + PLAIN,
        [("x, y", "other"), *FOUR],
        [3, 4, 5, 6, 7],
        dropped={"broken_quotes": (2,)},
    ),
    Case(
        "an unclosed quote on the last line",
        QUOTED + '"open, to the end',
        COMMAS,
        LINES,
        dropped={"broken_quotes": (6,)},
    ),
    Case(
        "an unclosed quote that another one closes far below",
        QUOTED + '"open,late\n' + PLAIN + 'size 5", 6",late\n' + PLAIN,
        [*COMMAS, *FOUR, *FOUR],
        [*LINES, 7, 8, 9, 10, 12, 13, 14, 15],
        dropped={"broken_quotes": (6,), "too_many_fields": (11,)},
    ),
    Case(
        "text after a closing quote",
        QUOTED + '"c" d, e",late\n' + "last,late\n",
        [*COMMAS, ("last", "late")],
        [*LINES, 7],
        dropped={"broken_quotes": (6,)},
    ),
    Case(
        "text after a closing quote, read with plain quotes",
        QUOTED + '"c" d,late\n' + "last,late\n",
        [*COMMAS, ('"c" d', "late"), ("last", "late")],
        [*LINES, 6, 7],
        notes={"plain_quotes_rows": (6,)},
        options=repair("plain_quotes"),
        repaired=1,
    ),
]
SHAPES = [
    Case("no header", PLAIN, FOUR, [1, 2, 3, 4], NUMBERED),
    Case(
        "no header, as told",
        COMMA,
        [("text", "label"), *FOUR],
        [1, *LINES],
        NUMBERED,
        options=ReadOptions(header=False),
    ),
    Case("a header, as told", PLAIN, [B, C, D], [2, 3, 4], A, options=ReadOptions(header=True)),
    Case(
        "a title and an empty line above",
        "Export of May\n\n" + COMMA,
        FOUR,
        [4, 5, 6, 7],
        notes={"preamble": (1,)},
    ),
    Case(
        "a title and a date above",
        "Export of May\nMade on 2024-05-01\n" + COMMA,
        FOUR,
        [4, 5, 6, 7],
        notes={"preamble": (1, 2)},
    ),
    Case(
        "a spreadsheet's title over three columns",
        "Export of May,,\n,,\ntext,label,id\na b,late,1\nc d,other,2\ne f,late,3\n",
        [("a b", "late", "1"), ("c d", "other", "2"), ("e f", "late", "3")],
        [4, 5, 6],
        ("text", "label", "id"),
        notes={"preamble": (1, 2)},
    ),
    Case(
        "lines to skip, as told",
        "one,two\nthree,four\n" + COMMA,
        FOUR,
        [4, 5, 6, 7],
        options=ReadOptions(skip_lines=2),
        notes={},
    ),
    Case(
        "comments above",
        "# made by x\n# on Monday\n" + COMMA,
        FOUR,
        [4, 5, 6, 7],
        notes={"comment_lines": (1, 2)},
    ),
    Case(
        "comments above that look like rows",
        "# made by, x\n# on Monday\n" + COMMA,
        FOUR,
        [4, 5, 6, 7],
        notes={"comment_lines": (1, 2)},
    ),
    Case("comments with //", "// made by x\n" + COMMA, FOUR, [3, 4, 5, 6], notes={"comment_lines": (1,)}),
    Case("comments below", COMMA + "# end\n# bye\n", FOUR, LINES, notes={"comment_lines": (6, 7)}),
    Case(
        "comments between, as told",
        HEAD + "%a\n" + PLAIN,
        FOUR,
        [3, 4, 5, 6],
        notes={"comment_lines": (2,)},
        options=ReadOptions(comment="%"),
    ),
    Case(
        "hash tags are no comments",
        HEAD + "#fail again,late\n#win,other\nnone,late\n",
        [("#fail again", "late"), ("#win", "other"), ("none", "late")],
        [2, 3, 4],
    ),
    Case(
        "a header with a hash",
        "#text,label\n" + PLAIN,
        FOUR,
        LINES,
        ("#text", "label"),
    ),
    Case(
        "two header rows with merged cells",
        "Customer,,Rating,\nName,City,Score,Label\nAnn,Rome,1,good\nBob,Oslo,2,bad\nCid,Bonn,3,good\n",
        [("Ann", "Rome", "1", "good"), ("Bob", "Oslo", "2", "bad"), ("Cid", "Bonn", "3", "good")],
        [3, 4, 5],
        ("Customer Name", "Customer City", "Rating Score", "Rating Label"),
    ),
    Case(
        "header rows, as told",
        "text,label\nof the mail,of it\n" + PLAIN,
        FOUR,
        [3, 4, 5, 6],
        ("text of the mail", "label of it"),
        options=ReadOptions(header_lines=2),
    ),
    Case(
        "a header over quoted line breaks",
        '"the\ntext",label\n' + PLAIN,
        FOUR,
        [3, 4, 5, 6],
        ("the text", "label"),
    ),
    Case(
        "a column of row numbers without a name",
        ",text,label\n0,a b,late\n1,c d,other\n2,e f,late\n",
        [("0", "a b", "late"), ("1", "c d", "other"), ("2", "e f", "late")],
        [2, 3, 4],
        ("column_1", "text", "label"),
        notes={"unnamed_columns": (1,)},
    ),
    Case(
        "a name twice",
        "text,label,label\na b,late,x\nc d,other,y\n",
        [("a b", "late", "x"), ("c d", "other", "y")],
        [2, 3],
        ("text", "label", "label_2"),
        notes={"duplicated_header": (1,)},
    ),
    Case("blanks around names", " text , label\n" + PLAIN, FOUR, LINES, notes={"padded_header": (1,)}),
    Case("names end in a separator", "text,label,\n" + PLAIN, FOUR, LINES),
]
BROKEN = [
    Case(
        "too few cells",
        COMMA + "short\nlast,late\n",
        [*FOUR, ("last", "late")],
        [*LINES, 7],
        dropped={"too_few_fields": (6,)},
    ),
    Case(
        "too few cells, filled",
        COMMA + "short\nlast,late\n",
        [*FOUR, ("short", ""), ("last", "late")],
        [*LINES, 6, 7],
        notes={"filled_rows": (6,)},
        options=repair("fill_fields"),
        repaired=1,
    ),
    Case(
        "too many cells",
        COMMA + "three, or so,late\n",
        FOUR,
        LINES,
        dropped={"too_many_fields": (6,)},
    ),
    Case(
        "too many cells, joined",
        COMMA + "three, or so,late\n" + "the lamp flickers,other\nplease send the manual,late\n",
        [*FOUR, ("three, or so", "late"), E, F],
        [*LINES, 6, 7, 8],
        notes={"joined_rows": (6,)},
        options=repair("join_fields"),
        repaired=1,
    ),
    Case(
        "too many cells that cannot be joined",
        COMMA + "three,or,so\n" + PLAIN,
        [*FOUR, *FOUR],
        [*LINES, 7, 8, 9, 10],
        dropped={"too_many_fields": (6,)},
        options=repair("join_fields"),
    ),
    Case(
        "empty lines and empty cells",
        HEAD + "a b,late\n\n,\n  ,\t\nc d,other\n",
        [("a b", "late"), ("c d", "other")],
        [2, 6],
        dropped={"empty_rows": (4, 5)},
        notes={"empty_rows": (3, 4, 5)},
    ),
    Case(
        "the header again",
        COMMA + HEAD + PLAIN,
        [*FOUR, *FOUR],
        [*LINES, 7, 8, 9, 10],
        dropped={"repeated_header": (6,)},
        notes={"repeated_header": (6,)},
    ),
    Case(
        "a second table of another width",
        COMMA + "\nname,count,when\na,1,May\nb,2,June\n",
        FOUR,
        LINES,
        dropped={"second_table": (7, 8, 9)},
        notes={"empty_rows": (6,)},
    ),
    Case(
        "a second table of the same width",
        COMMA + "\nreview,category\na,1\nb,2\n",
        FOUR,
        LINES,
        dropped={"second_table": (7, 8, 9)},
        notes={"empty_rows": (6,)},
    ),
    Case(
        "a remark below",
        COMMA + "\nSource: the shop\n",
        FOUR,
        LINES,
        dropped={"too_few_fields": (7,)},
        notes={"empty_rows": (6,)},
    ),
    Case(
        "all kinds of text stay as they are",
        HEAD + "007,NA\n1e5,null\n  two  blanks ,None\nTRUE,1.0\n=cmd|x,N/A\n",
        [("007", "NA"), ("1e5", "null"), ("  two  blanks ", "None"), ("TRUE", "1.0"), ("=cmd|x", "N/A")],
        [2, 3, 4, 5, 6],
    ),
    Case("a zero byte", COMMA.replace("hi", "h\x00i"), [A, B, C, ("h\x00i", "late")], LINES),
    Case(
        "a byte that is not of UTF-8",
        ("text,label\n" + "schöne Größe für süße Mäuse,late\n" * 9).encode() + b"bad \xff,late\n",
        [("schöne Größe für süße Mäuse", "late")] * 9 + [("bad \ufffd", "late")],
        [*range(2, 12)],
        notes={"undecodable_bytes": (11,)},
    ),
]
HAND_MADE = [*LINE_ENDS, *SEPARATED, *QUOTES, *SHAPES, *BROKEN]


def encoded_cases() -> list[Case]:
    """Each encoding with each separator and each way of quoting."""
    encodings = [
        *(
            (name, "simplified")
            for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
        ),
        *((name, language) for language, (_, _, names) in LANGUAGES.items() for name in names),
    ]
    return [
        encoded_case(encoding, language, separator, quoting)
        for encoding, language in encodings
        for separator in (",", ";", "\t", "|", "||", "##$$&&")
        for quoting in ("minimal", "all", "none")
    ]


def encoded_case(encoding: str, language: str, separator: str, quoting: str) -> Case:
    """A file of one language's sentences."""
    phrases, labels, _ = LANGUAGES[language]
    writable = [text for text in phrases if text == text.encode(encoding, "replace").decode(encoding)]
    texts = [text for text in writable if separator not in text or quoting != "none"]
    rows = [(text, labels[index % len(labels)]) for index, text in enumerate(texts)]
    lines = [
        separator.join(quoted(cell, separator, quoting) for cell in row) for row in [("text", "label"), *rows]
    ]
    return Case(
        f"{language} in {encoding}, {separator!r}, quotes: {quoting}",
        "".join(f"{line}\n" for line in lines).encode(encoding),
        rows,
        [*range(2, len(rows) + 2)],
    )


def quoted(cell: str, separator: str, quoting: str) -> str:
    """A cell as programs write it."""
    if quoting == "none" or (quoting == "minimal" and separator not in cell and '"' not in cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'
