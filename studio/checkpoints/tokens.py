"""Count tokens as a checkpoint does, with the tokenizers library alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.implementations import BertWordPieceTokenizer, ByteLevelBPETokenizer

from studio.checkpoints.inspect import read_optional_json
from studio.checkpoints.language import is_cjk
from studio.errors import InvalidInput

AnyTokenizer = Tokenizer | BertWordPieceTokenizer | ByteLevelBPETokenizer
LATIN_CHARACTERS_PER_TOKEN = 4.0
CASED_SHARE = 0.01


def count_tokens(folder: Path | None, rows: Sequence[Mapping[str, str]]) -> np.ndarray:
    """Count the tokens of each row, a text or a pair, special tokens included; returns int64 (n,).

    Without a folder, or with a tokenizer the tokenizers library cannot read, the counts are estimated
    (see counts_are_estimated).
    """
    return lengths_of(read_tokens(folder, rows), rows)


def longest_of(folder: Path | None, parts: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, int]:
    """The most tokens that a row of each part has, as count_tokens counts them."""
    return {part: int(count_tokens(folder, rows).max()) for part, rows in parts.items() if rows}


def lengths_of(ids: Sequence[np.ndarray] | None, rows: Sequence[Mapping[str, str]]) -> np.ndarray:
    """The tokens of each row by what read_tokens gave, int64 (n,)."""
    if ids is None:
        return estimate_tokens(rows)
    return np.array([len(each) for each in ids], dtype=np.int64)


def read_tokens(folder: Path | None, rows: Sequence[Mapping[str, str]]) -> list[np.ndarray] | None:
    """Ids of the tokens of each row, int32; None where count_tokens estimates.

    Special tokens are 0 where there is no tokenizer.json to say which they are.
    """
    counter = open_tokenizer(folder)
    if counter is None:
        return None
    texts = [tuple(row.values()) for row in rows]
    if isinstance(counter, Tokenizer):
        encodings = counter.encode_batch_fast([one if len(one) > 1 else one[0] for one in texts])
        return [np.array(one.ids, dtype=np.int32) for one in encodings]
    encodings = iter(counter.encode_batch([text for one in texts for text in one], add_special_tokens=False))
    parts = ([next(encodings).ids for _ in one] for one in texts)
    return [np.array([*chain.from_iterable(part), *[0] * (len(part) + 1)], dtype=np.int32) for part in parts]


def counts_are_estimated(folder: Path | None) -> bool:
    """Say whether count_tokens can only estimate for this folder."""
    return open_tokenizer(folder) is None


def estimate_tokens(rows: Sequence[Mapping[str, str]]) -> np.ndarray:
    """Estimate token counts: one per Chinese character, one per four others, and the special tokens.

    >>> estimate_tokens([{"text": "abcdefgh"}, {"text": "退款吗"}]).tolist()
    [4, 5]
    """
    texts = ["".join(row.values()) for row in rows]
    specials = np.array([len(row) + 1 for row in rows], dtype=np.int64)
    wide = np.array([sum(map(is_cjk, text)) for text in texts], dtype=np.int64)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    return wide + np.ceil((lengths - wide) / LATIN_CHARACTERS_PER_TOKEN).astype(np.int64) + specials


def open_tokenizer(folder: Path | None) -> AnyTokenizer | None:
    """Open the tokenizer of a folder, or return None where its counts can only be estimated."""
    if folder is None:
        return None
    for name in ("tokenizer.json", "vocab.txt", "vocab.json"):
        path = folder / name
        if path.is_file():
            return read_tokenizer(folder, name, path.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=8)
def read_tokenizer(folder: Path, name: str, _changed_ns: int) -> AnyTokenizer | None:
    """Read tokenizer.json, vocab.txt (WordPiece) or a byte-level BPE; raises InvalidInput where broken."""
    path = folder / name
    if name == "tokenizer.json":
        if "model" not in read_optional_json(path):
            raise unreadable(path)
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    if name == "vocab.txt":
        try:
            return BertWordPieceTokenizer(str(path), lowercase=lowers_case(folder))
        except TypeError as error:  # it lacks [CLS] or [SEP]
            raise unreadable(path) from error
    merges = folder / "merges.txt"
    return ByteLevelBPETokenizer(str(path), str(merges)) if merges.is_file() else None


def unreadable(path: Path) -> InvalidInput:
    """Say that a tokenizer file is broken."""
    return InvalidInput(
        f"The {path.name} of '{path.parent.name}' is not readable.",
        "Fetch the checkpoint again, or choose another.",
    )


def lowers_case(folder: Path) -> bool:
    """Say whether texts are lower-cased first: as tokenizer_config.json says, else as the vocabulary shows.

    Some cased checkpoints (SpanBERT) bring a vocab.txt and nothing that says so.
    """
    said = read_optional_json(folder / "tokenizer_config.json").get("do_lower_case")
    if isinstance(said, bool):
        return said
    words = (folder / "vocab.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    capitals = sum(any("A" <= letter <= "Z" for letter in word) for word in words if word[:1] != "[")
    return capitals < CASED_SHARE * max(1, len(words))
