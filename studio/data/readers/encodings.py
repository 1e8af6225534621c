"""Which encoding the bytes of a text file are in, judged by the text they give."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import charset_normalizer

from studio.errors import InvalidInput

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 1 << 20
# GBK and GB2312 are parts of GB18030, and files called GBK often hold characters of the larger set.
WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ascii": "utf-8"}
HIGH_UNIT = re.compile(rb"[\x80-\xff][\x30-\xff]?")
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# What Western European texts hold beyond ASCII; other languages' bytes read as cp1252 seldom fall in here.
WESTERN_BYTES = frozenset(
    "’‘“”„–—…•€£§°«»¿¡®™©´\u00a0éèêëàâäáãåçñóòôöõøúùûüíìîïßæœÉÈÀÁÄÅÆÇÑÓÖØÚÜ".encode("cp1252")
)
LONGEST_WESTERN_RUN = 3
SURE_SHARE = 0.9
JUDGED_BYTES = 1 << 16
# The more candidates, the more often the wrong one wins on a short text: only the common ones.
OTHER_ENCODINGS = "gb18030 cp1252 big5 cp932 euc_jp cp949 cp1251 koi8_r cp1250"


@dataclass(frozen=True)
class Decoded:
    """Text and the encoding it was in.

    ``damaged``: some bytes could not be read, U+FFFD stands for them; ``sure`` is False for an encoding
    that was guessed and fits no better than others.
    """

    text: str
    encoding: str
    damaged: bool = False
    sure: bool = True


def decode_bytes(data: bytes, encoding: str | None = None) -> Decoded:
    """Turn bytes into text, in the given encoding or in the one that fits best.

    Raises InvalidInput for an encoding nobody knows.
    """
    chosen, sure = (check_encoding(encoding), True) if encoding else guess_encoding(data)
    if chosen == "utf-8" and data.startswith(codecs.BOM_UTF8):
        chosen = "utf-8-sig"
    try:
        return Decoded(data.decode(chosen).removeprefix("\ufeff"), chosen, sure=sure)
    except UnicodeDecodeError:
        text = data.decode(chosen, errors="replace").removeprefix("\ufeff")
        return Decoded(text, chosen, damaged=True, sure=sure)


def check_encoding(name: str) -> str:
    """The canonical name of an encoding a person wrote, such as 'UTF8' or 'GBK'."""
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True):
        raise InvalidInput(
            f"'{name}' is not an encoding this studio knows.",
            "Use utf-8, gb18030, cp1252 or utf-16, or leave it out to have it found.",
        )
    return WIDER.get(found.name, found.name)


def guess_encoding(data: bytes) -> tuple[str, bool]:
    """The encoding of the bytes, and whether it is sure.

    A byte order mark or strict UTF-8 decide; else it is what reads like text: damaged UTF-8, Chinese in
    GB18030, Western European in cp1252; else the best of the rest, which is not sure.

    >>> guess_encoding("服务很好,1".encode("gb18030"))
    ('gb18030', True)
    >>> guess_encoding("naïve café, “déjà vu”".encode("cp1252"))
    ('cp1252', True)
    """
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return name, True
    try:
        data.decode("utf-8")
        return "utf-8", True
    except UnicodeDecodeError:
        sample = sample_high_lines(data)
    if utf8_share(sample) >= SURE_SHARE:
        return "utf-8", True
    if chinese_share(sample) >= SURE_SHARE:
        return "gb18030", True
    if western_share(sample) >= SURE_SHARE:
        return "cp1252", True
    best = charset_normalizer.from_bytes(
        sample[:JUDGED_BYTES], cp_isolation=OTHER_ENCODINGS.split(), enable_fallback=False
    ).best()
    return (check_encoding(best.encoding) if best else "cp1252"), False


def sample_high_lines(data: bytes) -> bytes:
    """The lines that hold bytes over 127, up to a megabyte: only they tell encodings apart."""
    lines: list[bytes] = []
    size = 0
    for line in data.split(b"\n"):
        if HIGH_RUN.search(line):
            lines.append(line)
            size += len(line)
            if size > SAMPLE_BYTES:
                break
    return b"\n".join(lines)


def utf8_share(sample: bytes) -> float:
    """Share of the bytes over 127 that belong to whole UTF-8 sequences."""
    high = sum(map(len, HIGH_RUN.findall(sample)))
    return sum(map(len, UTF8_SEQUENCE.findall(sample))) / high if high else 0.0


def chinese_share(sample: bytes) -> float:
    """Share of the two-byte units that are everyday Chinese in GB18030.

    Everyday are the punctuation rows (lead A1-A3) and the 3,755 characters of GB2312 level 1
    (lead B0-D7), with a trail byte of A1 or more. Western letters are followed by ASCII as a rule,
    so cp1252 text has next to none of these units.
    """
    units = HIGH_UNIT.findall(sample)
    everyday = sum(
        len(unit) == 2 and unit[1] >= 0xA1 and (0xB0 <= unit[0] <= 0xD7 or 0xA1 <= unit[0] <= 0xA3)
        for unit in units
    )
    return everyday / len(units) if units else 0.0


def western_share(sample: bytes) -> float:
    """Share of the bytes over 127 that are everyday Western in cp1252, in runs of at most three."""
    runs = HIGH_RUN.findall(sample)
    everyday = sum(
        sum(byte in WESTERN_BYTES for byte in run) for run in runs if len(run) <= LONGEST_WESTERN_RUN
    )
    return everyday / sum(map(len, runs)) if runs else 0.0
