"""The process that answers: ``python -m studio.prediction.predictor PARENT``, JSON lines in and out.

A request is ``{"id": 7, "op": "predict" | "read" | "load" | "forget", "folder": "...", "rows": [...]}``;
its answer carries the same id, ``ok``, ``loaded`` (folders in memory) and ``answers`` or ``error``.
Requests to one model that wait at the same time are answered together, which is faster than one by one.
Standard output belongs to the protocol: everything a library prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from studio.errors import StudioError
from studio.prediction.inbox import Inbox, Request

if TYPE_CHECKING:
    from studio.prediction.embedded import Predictor

PARENT_CHECK_SECONDS = 2.0


def main() -> None:
    """Serve requests until standard input closes or the parent, whose process id is given, is gone."""
    output = reserve_stdout()
    watch_parent(int(sys.argv[1]))
    predictor = start_predictor()
    send(output, {"id": 0, "ok": True, "loaded": []})
    inbox = Inbox(sys.stdin)
    while requests := inbox.take():
        for reply in answer_together(predictor, requests):
            send(output, reply)


def reserve_stdout() -> TextIO:
    """Keep the real standard output for answers, and send later prints to standard error."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return protocol


def watch_parent(parent: int) -> None:
    """End this process soon after its parent has ended, even where the pipe stays open."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def start_predictor() -> Predictor:
    """Import torch, once."""
    # Imported here so that the protocol is set up before any library can print.
    from studio.prediction.embedded import Predictor

    return Predictor()


def answer_together(predictor: Predictor, requests: list[Request]) -> Iterator[dict[str, Any]]:
    """The answers to requests to one model; where they fail together, each is tried alone."""
    if len(requests) == 1:
        yield answer(predictor, requests[0])
        return
    rows = [row for request in requests for row in request["rows"]]
    together = answer(predictor, requests[0] | {"rows": rows})
    if not together["ok"]:
        yield from (answer(predictor, request) for request in requests)
        return
    answers = iter(together["answers"])
    for request in requests:
        yield together | {"id": request["id"], "answers": list(islice(answers, len(request["rows"])))}


def answer(predictor: Predictor, request: Request) -> dict[str, Any]:
    """Carry out one request; every failure becomes an answer with a message and a hint."""
    reply: dict[str, Any] = {"id": request["id"], "ok": True}
    try:
        reply["answers"] = carry_out(predictor, request)
    except StudioError as error:
        reply |= {"ok": False, "error": {"message": error.message, "hint": error.hint, "code": error.code}}
    except Exception as error:  # noqa: BLE001 the named boundary of the predictor loop
        traceback.print_exc()
        reply |= {"ok": False, "error": describe(error)}
    reply["loaded"] = predictor.loaded
    return reply


def carry_out(predictor: Predictor, request: Request) -> list[dict[str, Any]]:
    """The answers to one request; empty for ``load`` and ``forget``."""
    folder = request["folder"]
    if request["op"] == "forget":
        predictor.forget(folder)
        return []
    if request["op"] == "load":
        predictor.load(folder)
        return []
    if request["op"] == "read":
        return predictor.read(folder, request["rows"])
    return predictor.predict(folder, request["rows"])


def describe(error: Exception) -> dict[str, str]:
    """Plain words for a failure nobody foresaw."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return {
            "message": "The machine ran out of memory while answering.",
            "hint": "Send fewer or shorter texts at once, or wait until the running training has ended.",
            "code": "work_failed",
        }
    return {
        "message": f"The model could not answer: {type(error).__name__}: {error}",
        "hint": "The predictor's log has the details.",
        "code": "work_failed",
    }


def send(output: TextIO, message: dict[str, Any]) -> None:
    """Write one line and flush it; a parent that is gone ends this process quietly."""
    try:
        output.write(json.dumps(message, ensure_ascii=False) + "\n")
        output.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
