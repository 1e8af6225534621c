"""Seconds to answer a file, and milliseconds to answer one text, side by side with other ways.

A file: rows with the lengths of news (log-normal, median 60 tokens, one in twenty over 396, cut at 512) for
a model of each shape with random weights, every way on the same rows in turns, on one core. One text:
requests of 60 tokens to the studio's own predictor process, from one client and from 32 at once, and the same
within one process, without the way to another. Compiled forms are the studio's own, that in int8 calibrated
on other rows; ONNX Runtime is there where it is installed, with its optimisations on.
"""

from __future__ import annotations

import argparse
import importlib.util
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
from studio.execution.devices import is_fast_in_bf16
from studio.execution.executors import choose_padding
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows
from studio.prediction.compiling import compile_form
from studio.prediction.embedded import LoadedModel, Predictor, read_form, tokenize
from studio.prediction.forms import folder_of_form
from studio.prediction.pool import PredictorPool
from studio.settings import Settings
from studio.tasks.base import Row
from studio.tasks.classification import CLASSIFICATION

BATCH = 32
CALIBRATION_ROWS, ONNX_TOKENS = 100, 1024
FORMS = {"float": "OpenVINO", "int8": "OpenVINO int8"}
TEXT_TOKENS, CLIENTS, REQUESTS_EACH = 60, 32, 20
COMMON = "the of and to in is it was for on that with as are be this by at from not have an or they we"
WORDS = COMMON.split()

Answer = Callable[[list[str]], Any]


def news_like_texts(count: int, seed: int) -> list[str]:
    """Words of one token each, as many as news has tokens."""
    drawn = np.random.default_rng(seed)
    lengths = np.clip(drawn.lognormal(np.log(60), np.log(396 / 60) / 1.645, count).astype(int), 4, LONGEST)
    return [" ".join(drawn.choice(WORDS, length - 2)) for length in lengths]


def rows_of(texts: Sequence[str]) -> list[Row]:
    """The texts as the studio is asked."""
    return CLASSIFICATION.rows_of({"text": texts})


def save_model(shape: str, folder: Path) -> Path:
    """A model folder of a shape, with the tokenizer of the built-in checkpoint."""
    folder.mkdir(parents=True)
    make_model(shape, "sdpa").save_pretrained(folder)
    start = resolve("minilm-l6", Settings.from_environment()).folder
    tokenizer = AutoTokenizer.from_pretrained(start)
    tokenizer.model_max_length = LONGEST
    tokenizer.save_pretrained(folder)
    (folder / "recipe.json").write_text(json.dumps({"task": "classification", "max_length": LONGEST}))
    return folder


def make_forms(folder: Path) -> dict[str, Path]:
    """The compiled forms of a model folder, each in its own folder."""
    plain = Predictor(device="cpu").load(folder)
    made = {kind: folder_of_form(folder.parent, kind) for kind in FORMS}
    for kind, to in made.items():
        to.mkdir(parents=True)
        seen = rows_of(news_like_texts(CALIBRATION_ROWS, seed=1)) if kind == "int8" else []
        compile_form(plain, folder, to, seen, lambda _message, _share: None)
    return made


def answer_with_onnx(plain: LoadedModel, model: Any, path: Path) -> Answer:
    """ONNX Runtime by hand: rows of like length together, padded as the studio's compiled forms are."""
    import onnxruntime

    batch = padded_batches(plain, ["a b", "a b c d"], ONNX_TOKENS)[0]
    rows, width = torch.export.Dim("rows"), torch.export.Dim("width", max=LONGEST)
    names = list(batch)
    torch.onnx.export(
        model,
        kwargs=batch,
        f=str(path),
        input_names=names,
        output_names=["logits"],
        dynamic_shapes={name: {0: rows, 1: width} for name in names},
        dynamo=True,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def answer(texts: list[str]) -> None:
        for one in padded_batches(plain, texts, ONNX_TOKENS):
            session.run(None, {name: part.numpy() for name, part in one.items()})

    return answer


def padded_batches(plain: LoadedModel, texts: Sequence[str], tokens: int) -> list[dict[str, torch.Tensor]]:
    """What a model is given for the texts, in parts of like length."""
    rows = EncodedRows.of(tokenize(plain, rows_of(texts)))
    padding = choose_padding(plain.tokenizer, plain.max_length, "cpu")
    return [padding.batch(rows, part) for part in padding.cut(rows.lengths, Limits(tokens=tokens))]


def ways_of(folder: Path, forms: dict[str, Path]) -> dict[str, Answer]:
    """Every way to answer all texts with the model of a folder, on one core."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    predictor = Predictor(device="cpu")
    loaded = predictor.load(folder)
    plain = type(loaded.model).from_pretrained(folder).eval()
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

    compiled = {FORMS[kind]: read_form(to, 1).logits for kind, to in forms.items()}
    by_hand = {}
    if importlib.util.find_spec("onnxruntime"):
        path = folder / "model.onnx"
        by_hand["ONNX Runtime by hand"] = answer_with_onnx(loaded, plain, path)
    return {
        "padded to 512, 32 at a time": lambda texts: batches(texts, BATCH, "max_length"),
        "one by one": lambda texts: batches(texts, 1, False),
        "pipeline of transformers": lambda texts: classify(texts, truncation=True, top_k=None),
        "the same, 32 at a time": lambda texts: classify(
            texts, truncation=True, top_k=None, batch_size=BATCH
        ),
        "studio": lambda texts: predictor.predict(folder, rows_of(texts)),
        **{
            f"studio: {name}": lambda texts, answer=answer: answer(rows_of(texts))
            for name, answer in compiled.items()
        },
        **by_hand,
    }


def measure_file(shape: str, ways: dict[str, Answer], texts: list[str], rounds: int) -> None:
    """Time every way on the same texts, in turns, and print the table."""
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


def measure_requests(shape: str, folders: dict[str, Path], home: Path) -> None:
    """Milliseconds of single requests to the predictor process and within one, for each form."""
    row = {"text": " ".join((WORDS * 3)[: TEXT_TOKENS - 2])}
    print(f"\n| {shape}, one text of {TEXT_TOKENS} tokens | p50 ms | p99 ms | requests a second |")
    print("|---|---:|---:|---:|")
    pool = PredictorPool(home)
    try:
        for name, folder in folders.items():
            pool.predict(folder, [row])
            for clients, each in ((1, REQUESTS_EACH * 5), (CLIENTS, REQUESTS_EACH)):
                who = "1 client" if clients == 1 else f"{clients} clients"
                print_requests(
                    f"{name}, {who}", clients, each, lambda asked=folder: pool.predict(asked, [row])
                )
    finally:
        pool.close()
    for name, folder in folders.items():
        loaded = Predictor(device="cpu").load(folder)
        loaded.logits([row])
        print_requests(
            f"{name}, within the process", 1, REQUESTS_EACH * 5, lambda asked=loaded: asked.logits([row])
        )


def print_requests(name: str, clients: int, each: int, ask: Callable[[], object]) -> None:
    """One line of the table of single requests."""
    milliseconds, took = ask_from(clients, each, ask)
    p50, p99 = np.percentile(milliseconds, [50, 99])
    print(f"| {name} | {p50:.1f} | {p99:.1f} | {clients * each / took:,.0f} |")


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
    precision = "bf16" if is_fast_in_bf16("cpu") else "fp32"
    print(f"{describe_machine()}, PyTorch {torch.__version__}, the studio in {precision}, {LABELS} labels")
    print(f"{len(texts)} rows, {options.rounds} rounds in turns on one core; requests on all cores")
    with tempfile.TemporaryDirectory(prefix="bench-prediction-") as home:
        for shape in options.shapes.split(","):
            folder = save_model(shape, Path(home) / shape / "folder")
            forms = make_forms(folder)
            os.sched_setaffinity(0, {min(cores)})
            torch.set_num_threads(1)
            measure_file(shape, ways_of(folder, forms), texts, options.rounds)
            os.sched_setaffinity(0, cores)
            named = {"plain": folder} | {FORMS[kind]: to for kind, to in forms.items()}
            measure_requests(shape, named, Path(home))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
