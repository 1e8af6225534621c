"""Which encoding the bytes of a text file are in, judged by the text they give."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from studio.data.readers.plausibility import bits_of
from studio.errors import InvalidInput

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BLOCK_BYTES = 1 << 20
PROBE_BYTES = 1 << 16
SAMPLE_BYTES = 1 << 16
SAMPLE_PER_BLOCK = 1 << 13
# GBK and GB2312 are parts of GB18030, and files called GBK often hold characters of the larger set.
WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ascii": "utf-8", "cp950": "big5"}
# Codecs of Python that read escapes or give what no file can hold.
NO_FILES = frozenset(
    {"unicode_escape", "raw_unicode_escape", "utf-7", "idna", "punycode", "undefined", "mbcs"}
)
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
LINE_END = re.compile(rb"[\r\n]+")
UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
SURE_SHARE = 0.9
SURE_BITS = 3.0
# What is candidate, with the bits it starts with: the rarer a code among files, the better it has to fit.
CANDIDATES = {
    "gb18030": 0.0,
    "cp1252": 0.0,
    "big5": 1.0,
    "cp932": 1.0,
    "cp949": 1.0,
    "cp1251": 4.0,
    "utf-8": 2.0,
    "euc_jp": 3.0,
    "koi8_r": 6.0,
    "cp1250": 5.0,
    "cp1253": 8.0,
    "cp1254": 5.0,
    "iso8859_2": 6.0,
}
# Other text has next to no zero bytes; UTF-16 has them in each line end, whatever the script.
ZERO_SHARE = 0.001
# More bits a byte than this is no text: bytes by chance have 7.5 as UTF-16, Chinese has 5.7.
MOST_BITS = 6.7
WIDE_OR_NOT = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file; ``sure`` is False where it was guessed and others fit nearly as well."""

    name: str
    sure: bool = True


@dataclass(frozen=True)
class Decoded:
    """Text and the encoding it was in; U+FFFD stands for bytes that could not be read."""

    text: str
    encoding: str
    sure: bool = True


def decode_bytes(data: bytes, encoding: str | None = None) -> Decoded:
    """Turn bytes into text, in the given encoding or in the one that fits best.

    Raises InvalidInput for an encoding nobody knows.
    """
    found = find_encoding(io.BytesIO(data), encoding)
    return Decoded(data.decode(found.name, errors="replace").removeprefix("\ufeff"), found.name, found.sure)


def check_encoding(name: str) -> str:
    """The canonical name of an encoding a person wrote, such as 'UTF8' or 'GBK'."""
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True) or found.name in NO_FILES:
        raise InvalidInput(
            f"'{name}' is not an encoding this studio knows.",
            "Use utf-8, gb18030, cp1252 or utf-16, or leave it out to have it found.",
        )
    return WIDER.get(found.name, found.name)


def find_encoding(stream: BinaryIO, given: str | None = None) -> Encoding:
    """The encoding of a file, read in blocks; the given one, where a person chose.

    A byte order mark or strict UTF-8 decide; else the candidate under which the text is most plausible.
    """
    stream.seek(0)
    head = stream.read(PROBE_BYTES)
    marked = next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if given:
        chosen = check_encoding(given)
        return Encoding("utf-8-sig" if chosen == "utf-8" and marked == "utf-8-sig" else chosen)
    if marked:
        return Encoding(marked)
    if wide := guess_wide(head):
        return Encoding(wide)
    if is_strict(stream, "utf-8"):
        return Encoding("utf-8")
    return guess_encoding(sample_high_lines(stream))


def blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file from its start, a megabyte at a time."""
    stream.seek(0)
    while block := stream.read(BLOCK_BYTES):
        yield block


def is_strict(stream: BinaryIO, encoding: str) -> bool:
    """Whether every byte of a file belongs to the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks_of(stream):
            if not (block.isascii() and encoding == "utf-8" and not decoder.getstate()[0]):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def guess_wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, where there are zero bytes and it reads best so; None where not.

    >>> guess_wide("text,label".encode("utf-16-be")), guess_wide("好,1\\n".encode("utf-16-le"))
    ('utf-16-be', 'utf-16-le')
    >>> guess_wide(b"text,label")
    """
    length = len(head) // 4 * 4 or len(head) // 2 * 2
    if head.count(0) < max(1, ZERO_SHARE * length):
        return None
    head = head[:length]
    zeros = [head[place::4].count(0) * 4 / length for place in range(4)]
    if zeros[2] > 0.95 and zeros[3] > 0.95 and zeros[0] < 0.5:
        return "utf-32-le"
    if zeros[0] > 0.95 and zeros[1] > 0.95 and zeros[3] < 0.5:
        return "utf-32-be"
    bits = {name: bits_of(head.decode(name, errors="replace"), name) for name in WIDE_OR_NOT}
    best = min(bits, key=lambda name: bits[name])
    readable = bits[best] < MOST_BITS * length
    return best if readable and best.startswith("utf-16") else None


def sample_high_lines(stream: BinaryIO) -> bytes:
    """Lines that hold bytes over 127, some of every megabyte: only they tell encodings apart."""
    lines: list[bytes] = []
    size = 0
    for block in blocks_of(stream):
        taken = 0
        for line in LINE_END.split(block):
            if not line.isascii():
                lines.append(line[:SAMPLE_PER_BLOCK])
                taken += len(lines[-1])
                if taken >= (SAMPLE_PER_BLOCK if size else SAMPLE_BYTES // 2):
                    break
        size += taken
        if size >= SAMPLE_BYTES:
            break
    return b"\n".join(lines)


def guess_encoding(sample: bytes) -> Encoding:
    """The encoding under which a sample is the most plausible text.

    >>> guess_encoding("服务很好,1".encode("gb18030"))
    Encoding(name='gb18030', sure=True)
    >>> guess_encoding("naïve café, “déjà vu”".encode("cp1252"))
    Encoding(name='cp1252', sure=True)
    """
    if utf8_share(sample) >= SURE_SHARE:
        return Encoding("utf-8")
    sample = sample[:SAMPLE_BYTES]
    texts = {name: sample.decode(name, errors="replace") for name in CANDIDATES}
    bits = {name: bits_of(text, name) + CANDIDATES[name] for name, text in texts.items()}
    best = min(bits, key=lambda name: bits[name])
    others = [bits[name] for name in bits if texts[name] != texts[best]]
    return Encoding(best, sure=min(others) - bits[best] >= SURE_BITS)


def utf8_share(sample: bytes) -> float:
    """Share of the bytes over 127 that belong to whole UTF-8 sequences."""
    high = sum(map(len, HIGH_RUN.findall(sample)))
    return sum(map(len, UTF8_SEQUENCE.findall(sample))) / high if high else 0.0
