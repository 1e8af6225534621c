"""The line to a predictor: who waits is told when it breaks, however it breaks."""

from __future__ import annotations

import sys
from concurrent.futures import wait
from pathlib import Path

import pytest

from studio.prediction.link import ChildGone, PredictorLink

HALF_AN_ANSWER = '{"id": 1, "ok": true, "loaded": [], "answers": [{"label": "'
READ = "sys.stdin.readline(); "
SAY = f"import sys; {READ}{READ}" + "sys.stdout.buffer.write({!r}); sys.stdout.flush(); {}"


@pytest.mark.parametrize(
    ("written", "then"),
    [
        (HALF_AN_ANSWER.encode(), "sys.exit()"),
        (HALF_AN_ANSWER.encode() + "客".encode()[:2], "sys.exit()"),
        (b"not an answer\n", "sys.stdin.read()"),
    ],
    ids=["half a line", "half a letter", "a broken line of a process that stays"],
)
def test_a_broken_answer_is_the_end_and_nobody_waits_for_more(
    tmp_path: Path, written: bytes, then: str
) -> None:
    link = PredictorLink(tmp_path / "log.txt", [sys.executable, "-c", SAY.format(written, then)])
    try:
        futures = [link.ask("predict", "folder", [text]) for text in ("one", "two")]
        assert not wait(futures, timeout=20).not_done
        assert all(isinstance(future.exception(), ChildGone) for future in futures)
        assert not link.alive
    finally:
        link.end()
