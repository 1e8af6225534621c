"""Seconds to answer a file, and milliseconds to answer one text, side by side with other ways.

A file: rows with the lengths of news (log-normal, median 60 tokens, one in twenty over 396, cut at 512) for
a model of each shape with random weights, every way on the same rows in turns, on one core. One text:
requests of 60 tokens to the studio's own predictor process, from one client and from 32 at once.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer, pipeline

from bench.command import clean_up_on_sigterm, describe_machine
from bench.training import LABELS, LONGEST, SHAPES, make_model
from studio.checkpoints.resolve import resolve
from studio.prediction.embedded import Predictor
from studio.prediction.pool import PredictorPool
from studio.settings import Settings

BATCH = 32
TEXT_TOKENS, CLIENTS, REQUESTS_EACH = 60, 32, 20
COMMON = "the of and to in is it was for on that with as are be this by at from not have an or they we"
WORDS = COMMON.split()

Answer = Callable[[list[str]], Any]


def news_like_texts(count: int, seed: int) -> list[str]:
    """Words of one token each, as many as news has tokens."""
    drawn = np.random.default_rng(seed)
    lengths = np.clip(drawn.lognormal(np.log(60), np.log(396 / 60) / 1.645, count).astype(int), 4, LONGEST)
    return [" ".join(drawn.choice(WORDS, length - 2)) for length in lengths]


def save_model(shape: str, folder: Path) -> Path:
    """A model folder of a shape, with the tokenizer of the built-in checkpoint."""
    make_model(shape, "sdpa").save_pretrained(folder)
    start = resolve("minilm-l6", Settings.from_environment()).folder
    tokenizer = AutoTokenizer.from_pretrained(start)
    tokenizer.model_max_length = LONGEST
    tokenizer.save_pretrained(folder)
    (folder / "recipe.json").write_text(json.dumps({"task": "classification", "max_length": LONGEST}))
    return folder


def ways_of(folder: Path) -> dict[str, Answer]:
    """Every way to answer all texts with the model of a folder."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    predictor = Predictor(device="cpu")
    model = predictor.load(folder).model
    plain = type(model).from_pretrained(folder).eval()
    classify = pipeline("text-classification", plain, tokenizer=tokenizer, device="cpu")

    def batches(texts: list[str], size: int, padding: bool | str) -> None:
        with torch.inference_mode():
            for start in range(0, len(texts), size):
                part = texts[start : start + size]
                plain(
                    **tokenizer(
                        part, padding=padding, truncation=True, max_length=LONGEST, return_tensors="pt"
                    )
                )

    return {
        "padded to 512, 32 at a time": lambda texts: batches(texts, BATCH, "max_length"),
        "one by one": lambda texts: batches(texts, 1, False),
        "pipeline of transformers": lambda texts: classify(texts, truncation=True, top_k=None),
        "the same, 32 at a time": lambda texts: classify(
            texts, truncation=True, top_k=None, batch_size=BATCH
        ),
        "studio": lambda texts: predictor.predict(folder, texts),
    }


def measure_file(shape: str, folder: Path, texts: list[str], rounds: int) -> None:
    """Time every way on the same texts, in turns, and print the table."""
    ways = ways_of(folder)
    for answer in ways.values():
        answer(texts[:2])  # what happens once only
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, answer in ways.items():
            began = time.process_time()
            answer(texts)
            seconds[name].append(time.process_time() - began)
    first = next(iter(seconds.values()))
    print(f"\n| {shape}, a file | rows a second | times as fast |\n|---|---:|---:|")
    for name, own in seconds.items():
        ratio = median(a / b for a, b in zip(first, own, strict=True))
        print(f"| {name} | {len(texts) / median(own):,.1f} | {ratio:.1f} |")


def measure_requests(shape: str, folder: Path, home: Path) -> None:
    """Milliseconds of single requests to the predictor process, from one client and from many."""
    text = " ".join((WORDS * 3)[: TEXT_TOKENS - 2])
    pool = PredictorPool(home)
    try:
        pool.predict(folder, [text])
        print(f"\n| {shape}, one text of {TEXT_TOKENS} tokens | p50 ms | p99 ms | requests a second |")
        print("|---|---:|---:|---:|")
        for clients, each in ((1, REQUESTS_EACH * 5), (CLIENTS, REQUESTS_EACH)):
            milliseconds, took = ask_from(clients, each, lambda: pool.predict(folder, [text]))
            p50, p99 = np.percentile(milliseconds, [50, 99])
            name = "1 client" if clients == 1 else f"{clients} clients"
            print(f"| {name} | {p50:.1f} | {p99:.1f} | {clients * each / took:,.0f} |")
    finally:
        pool.close()


def ask_from(clients: int, each: int, ask: Callable[[], object]) -> tuple[list[float], float]:
    """Milliseconds of every request of so many clients at once, and the seconds of all together."""
    milliseconds: list[float] = []

    def client() -> None:
        for _ in range(each):
            began = time.perf_counter()
            ask()
            milliseconds.append(1000 * (time.perf_counter() - began))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return milliseconds, time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="4x256,6x384", help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    clean_up_on_sigterm()
    cores = os.sched_getaffinity(0)
    texts = news_like_texts(options.rows, seed=0)
    print(f"{describe_machine()}, PyTorch {torch.__version__}, fp32, {LABELS} labels")
    print(f"{len(texts)} rows, {options.rounds} rounds in turns on one core; requests on all cores")
    with tempfile.TemporaryDirectory(prefix="bench-prediction-") as home:
        for shape in options.shapes.split(","):
            folder = save_model(shape, Path(home) / shape)
            os.sched_setaffinity(0, {min(cores)})
            torch.set_num_threads(1)
            measure_file(shape, folder, texts, options.rounds)
            os.sched_setaffinity(0, cores)
            measure_requests(shape, folder, Path(home))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
