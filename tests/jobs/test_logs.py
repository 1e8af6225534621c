"""The log of a job stays small, and reading it goes on where it was although it is cut meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.logs import (
    format_line,
    limit_log,
    older_part,
    read_after,
    read_start,
    read_tail,
    start_file,
    write_start,
)

PRINT_WITHOUT_END = """
import itertools
for number in itertools.count():
    print(f"line {number:09d} ", "é" * 30, flush=True)
"""


def test_a_line_can_be_read_by_a_program() -> None:
    line = format_line("Epoch 2 of 3", "warning", at=1795655491.9, attempt=2, worker="host:1 a", fence=None)
    assert line == '2026-11-26T01:11:31Z warning attempt=2 worker="host:1 a" Epoch 2 of 3'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info now", format_line("now"))


def test_the_log_of_a_child_that_prints_without_end_stays_small_and_is_followed_through_every_cut(
    tmp_path: Path,
) -> None:
    log, limit = tmp_path / "log.txt", 200_000
    with log.open("ab") as stream:
        child = subprocess.Popen([sys.executable, "-c", PRINT_WITHOUT_END], stdout=stream)
    cuts, followed, position, largest = 0, "", 0, 0
    try:
        deadline = time.monotonic() + 30
        while cuts < 4 and time.monotonic() < deadline:
            text, position = read_after(log, position)
            followed += text
            largest = max(largest, sum(path.stat().st_size for path in tmp_path.iterdir()))
            cuts += limit_log(log, limit)
    finally:
        child.kill()
        child.wait()
    assert cuts == 4
    assert largest < 4 * limit
    assert "�" not in followed
    numbers = [int(found) for found in re.findall(r"line (\d{9})", followed)]
    assert len(numbers) == len(set(numbers)) and numbers == sorted(numbers)
    # Only what was printed during a cut is missing: little, though the machine may turn to others meanwhile.
    assert len(numbers) > 0.85 * (numbers[-1] + 1)
    assert position == read_start(log) + log.stat().st_size - len(read_after(log, position)[0].encode())


def test_the_end_of_a_log_that_was_just_cut_comes_from_the_older_part_too(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert limit_log(log, 2000)
    assert log.read_text() == "" and older_part(log).stat().st_size == 2000
    with log.open("a") as stream:
        stream.write("line 1000\n")
    assert read_tail(log, 30) == "line 998\nline 999\nline 1000\n"
    assert read_tail(log, 10**6).endswith("line 999\nline 1000\n")
    assert read_tail(tmp_path / "none.txt", 30) == ""


def test_who_reads_from_the_beginning_gets_the_oldest_that_is_left(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    for part in "abc":
        log.write_text(part * 100)
        limit_log(log, 50)
    assert read_after(log, 0) == ("c" * 50, 300)
    assert read_after(log, 300) == ("", 300)


def test_a_letter_that_was_cut_in_two_is_read_whole(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    whole = "né".encode()
    log.write_bytes(b"x" * 20 + whole[:-1])
    assert read_after(log, 0) == ("x" * 20 + "n", 21)
    assert limit_log(log, 5)
    with log.open("ab") as stream:
        stream.write(whole[-1:] + b"!")
    assert read_after(log, 21) == ("é!", 24)


def test_a_log_within_its_limit_and_one_that_is_not_there_are_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert not limit_log(log, 10)
    log.write_text("0123456789")
    assert not limit_log(log, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]


@pytest.mark.parametrize("is_cut", [False, True])
def test_positions_stay_true_after_a_kill_in_the_middle_of_a_cut(tmp_path: Path, is_cut: bool) -> None:
    log = tmp_path / "log.txt"
    log.write_text("a" * 100)
    older_part(log).write_text("a" * 100)
    write_start(log, 0, 100)
    if is_cut:
        os.truncate(log, 0)
    with log.open("a") as stream:
        stream.write("b" * 10)
    assert read_after(log, 100) == ("b" * 10, 110)
    assert read_tail(log, 20) == "a" * 10 + "b" * 10
    assert start_file(log).exists()
