"""The pool against a real predictor process and real model folders."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.errors import NotFound, StudioError, Unavailable, WorkFailed
from studio.prediction.pool import PredictorPool, cut_requests
from tests.asked import asked

pytestmark = pytest.mark.slow

TEXTS = ["my card is lost", "where is the transfer", "money", "a new order please help", ""]


def wait_until(condition, seconds: float = 60.0) -> None:
    """Wait for a condition that another process brings about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def expected_probabilities(folder: Path, texts: list[str]) -> list[list[float]]:
    """What transformers itself answers, one text at a time."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return [
            model(**tokenizer(text, truncation=True, max_length=16, return_tensors="pt"))
            .logits.softmax(-1)[0]
            .tolist()
            for text in texts
        ]


def test_a_model_is_cold_then_loading_then_ready(model_folder: Path, tmp_path: Path) -> None:
    pool = PredictorPool(tmp_path)
    try:
        assert pool.state(model_folder) == "cold"
        started = time.monotonic()
        pool.warm(model_folder)
        assert time.monotonic() - started < 0.5
        assert pool.state(model_folder) == "loading"
        wait_until(lambda: pool.state(model_folder) == "ready")
    finally:
        pool.close()


def test_answers_are_those_of_transformers_in_the_order_of_the_texts(
    pool: PredictorPool, model_folder: Path
) -> None:
    texts = TEXTS * 40 + ["lost " * 100]
    answers = pool.predict(model_folder, asked(texts))
    for answer, expected in zip(answers, expected_probabilities(model_folder, texts), strict=True):
        assert list(answer["probabilities"]) == ["card", "transfer"]
        assert list(answer["probabilities"].values()) == pytest.approx(expected, abs=1e-5)
        assert answer["confidence"] == max(answer["probabilities"].values())
        assert answer["probabilities"][answer["label"]] == answer["confidence"]


def test_a_long_text_is_cut_where_the_recipe_says(pool: PredictorPool, model_folder: Path) -> None:
    start = "my card is lost please help where is the transfer money not a new order the card"
    cut, longer = pool.predict(model_folder, asked([start, start + " money money money"]))
    assert cut["probabilities"] == pytest.approx(longer["probabilities"], abs=1e-6)


def test_what_is_read_of_a_text_is_what_is_answered(pool: PredictorPool, model_folder: Path) -> None:
    texts = [*TEXTS * 20, "my card " * 40, "half a pair \ud83d here"]
    readings = [reading for (reading,) in pool.read(model_folder, asked(texts))]
    long = readings[-2]
    assert len(long.tokens) == long.limit == 16 and long.lost == 80 - 14
    assert [token.token for token in long.tokens[:3]] == ["[CLS]", "my", "card"]
    (cut,) = long.cut
    assert cut.text == texts[-2][cut.start :]
    assert [len(reading.tokens) for reading in readings[:5]] == [6, 6, 3, 7, 2]


def test_texts_of_any_characters_get_an_answer(pool: PredictorPool, model_folder: Path) -> None:
    texts = ["卡丢了", "half a pair \ud83d here", "null \x00 byte", "line\nbreak\u2028", "😀" * 500, " "]
    assert len(pool.predict(model_folder, asked(texts))) == len(texts)


def test_no_texts_give_no_answers(pool: PredictorPool, model_folder: Path) -> None:
    assert pool.predict(model_folder, asked([])) == []


def test_a_missing_folder_is_said_in_a_sentence(pool: PredictorPool, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        pool.predict(tmp_path / "gone", asked(["hello"]))
    assert "gone" in caught.value.message
    assert caught.value.hint


def test_a_damaged_model_is_said_in_a_sentence_and_others_still_answer(
    pool: PredictorPool, model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(WorkFailed) as caught:
        pool.predict(tmp_path, asked(["hello"]))
    assert "cannot be read" in caught.value.message
    assert pool.predict(model_folder, asked(["hello"]))[0]["label"] in ("card", "transfer")
    assert pool.state(tmp_path) == "cold"


def test_the_model_used_longest_ago_leaves_when_a_fourth_is_loaded(
    pool: PredictorPool, model_folder: Path, other_folders: list[Path]
) -> None:
    pool.predict(model_folder, asked(["card"]))
    for folder in other_folders[:2]:
        pool.predict(folder, asked(["card"]))
    pool.predict(model_folder, asked(["card"]))
    answer = pool.predict(other_folders[2], asked(["card"]))[0]
    assert set(answer["probabilities"]) == {"yes", "no", "也许"}
    states = [pool.state(folder) for folder in (model_folder, *other_folders)]
    assert states == ["ready", "cold", "ready", "ready"]


def test_a_deleted_model_is_forgotten(pool: PredictorPool, other_folders: list[Path]) -> None:
    pool.predict(other_folders[0], asked(["card"]))
    pool.forget(other_folders[0])
    wait_until(lambda: pool.state(other_folders[0]) == "cold")


def test_a_single_text_is_answered_between_the_parts_of_a_long_list(
    pool: PredictorPool, model_folder: Path
) -> None:
    pool.predict(model_folder, asked(["card"]))
    counts: list[int] = []
    texts = asked(["my card is lost"] * 3_000)
    long_list = threading.Thread(target=pool.predict, args=(model_folder, texts, 60.0, counts.append))
    long_list.start()
    wait_until(lambda: bool(counts))
    pool.predict(model_folder, asked(["where is the transfer"]))
    still_running = long_list.is_alive()
    long_list.join()
    assert still_running
    assert counts[-1] == len(texts)
    assert counts == sorted(counts)


def test_many_threads_get_their_own_answers(pool: PredictorPool, model_folder: Path) -> None:
    expected = [answer["confidence"] for answer in pool.predict(model_folder, asked(TEXTS))]
    found: dict[int, list[float]] = {}

    def ask(number: int) -> None:
        answers = [pool.predict(model_folder, asked([text]))[0] for text in TEXTS]
        found[number] = [answer["confidence"] for answer in answers]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for confidences in found.values():
        assert confidences == pytest.approx(expected, abs=1e-5)


def test_a_single_text_takes_less_than_a_tenth_of_a_second(pool: PredictorPool, model_folder: Path) -> None:
    pool.predict(model_folder, asked(["card"]))
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        pool.predict(model_folder, asked(["my card is lost"]))
        seconds.append(time.perf_counter() - started)
    assert statistics.median(seconds) < 0.1


def ask_and_kill(pool: PredictorPool, folder: Path, kills: int) -> tuple[list[str], list[StudioError]]:
    """The labels of many rows, or the error, with the process killed so often while it answers them."""
    answers: list[str] = []
    caught: list[StudioError] = []
    counts: list[int] = []

    def ask() -> None:
        try:
            made = pool.predict(folder, asked(["my card is lost"] * 50_000), progress=counts.append)
            answers.extend(answer["label"] for answer in made)
        except StudioError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: bool(counts))
    killed: set[int | None] = {None}
    for _ in range(kills):
        wait_until(lambda: pool.process_id not in killed or bool(caught), seconds=30)
        if (process_id := pool.process_id) is not None:
            killed.add(process_id)
            os.kill(process_id, signal.SIGKILL)
    thread.join(120)
    return answers, caught


def test_a_process_that_is_killed_once_is_asked_again(pool: PredictorPool, model_folder: Path) -> None:
    first = pool.predict(model_folder, asked(["card"]))[0]["label"]
    process_id = pool.process_id
    answers, caught = ask_and_kill(pool, model_folder, kills=1)
    assert (len(answers), caught) == (50_000, [])
    assert pool.process_id != process_id
    assert pool.predict(model_folder, asked(["card"]))[0]["label"] == first


def test_a_process_that_is_killed_again_is_said_in_a_sentence_and_started_again(
    pool: PredictorPool, model_folder: Path
) -> None:
    pool.predict(model_folder, asked(["card"]))
    answers, caught = ask_and_kill(pool, model_folder, kills=2)
    assert answers == []
    assert "ended unexpectedly" in caught[0].message
    assert "predictor.log" in caught[0].hint
    assert (caught[0].http_status, caught[0].exit_code) == (503, 1)
    assert pool.predict(model_folder, asked(["card"]))[0]["label"] in ("card", "transfer")


def test_an_answer_that_takes_too_long_is_not_waited_for(model_folder: Path, tmp_path: Path) -> None:
    pool = PredictorPool(tmp_path)
    try:
        with pytest.raises(Unavailable) as caught:
            pool.predict(model_folder, asked(["card"]), timeout_seconds=0.01)
        assert "0.01 seconds" in caught.value.message
        assert pool.state(model_folder) == "loading"
    finally:
        pool.close()


def test_closing_ends_the_process_and_later_calls_are_refused(model_folder: Path, tmp_path: Path) -> None:
    pool = PredictorPool(tmp_path)
    pool.warm(model_folder)
    process_id = pool.process_id
    pool.close()
    pool.close()
    assert process_id is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
    with pytest.raises(Unavailable):
        pool.predict(model_folder, asked(["card"]))


def test_the_process_ends_when_its_parent_is_killed(model_folder: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from studio.prediction.pool import PredictorPool\n"
        "pool = PredictorPool(Path(sys.argv[1])); pool.warm(sys.argv[2])\n"
        "print(pool.process_id, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), str(model_folder)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()

    def gone() -> bool:
        try:
            status = Path(f"/proc/{child}/status").read_text()
        except OSError:
            return True
        return "State:\tZ" in status

    wait_until(gone, seconds=30)


def test_requests_are_small_and_hold_every_row_once() -> None:
    texts = ["x" * (number % 900) for number in range(500)]
    requests = list(cut_requests(asked(texts)))
    assert sorted(row for rows in requests for row in rows) == list(range(500))
    assert all(len(rows) <= 64 for rows in requests)
    assert all(sum(len(texts[row]) for row in rows) <= 4000 or len(rows) == 1 for rows in requests)
