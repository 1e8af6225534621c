"""Twenty minutes of a studio in use: 200 jobs, 12 open tabs, processes killed and stopped at random.

Targets: no job lost; the app's memory grows by less than 10 % once it is warm; 95 of 100 ticks of a page are
answered within 500 ms. Warm is an app after the first quarter of the time, 5 minutes of 20. Of the tabs some
are in a real browser, the others ask the server for what such tabs ask, at the same pace.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import psutil

from bench.command import clean_up_on_sigterm, describe_machine
from bench.soak.measures import (
    GROWTH_LIMIT,
    TICK_LIMIT_SECONDS,
    Meter,
    answered,
    share_of,
    show_pages,
)
from bench.soak.shaking import START_SECONDS, Served, Shaker
from bench.soak.work import Work
from bench.tabs import Tab, Ticks, stay_in_browser
from jobs.audit import Expected, audit, read_records
from studio.bootstrap import open_studio
from studio.keeping.sweep import find_unfinished
from studio.settings import Settings
from tests.journeys.served import ServedStudio

PAGES = ("/jobs", "/", "/results")
ASKED_SHARE = 0.9  # of the time; the rest is for the last jobs
WARM_SHARE = 0.25
SECONDS_BETWEEN_FAULTS = 40.0
LONGEST_END_SECONDS = 1800.0
TURN_SECONDS = 0.5


def read_options() -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--tabs", type=int, default=12)
    parser.add_argument("--browser-tabs", type=int, default=3, help="how many of the tabs are in a browser")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def open_tabs(url: str, options: argparse.Namespace, ticks: Ticks, stop: threading.Event) -> ExitStack:
    """Open all tabs, each in a thread; closed by leaving what is given back."""
    named = [PAGES[number % len(PAGES)] for number in range(options.tabs)]
    real, others = named[: options.browser_tabs], named[options.browser_tabs :]
    work: list[Callable[[], None]] = [lambda page=page: Tab(url, page).stay(ticks, stop) for page in others]  # type: ignore[misc]
    if real:
        work.append(lambda: stay_in_browser(url, real, ticks, stop))
    stack = ExitStack()
    for each in work:
        thread = threading.Thread(target=each)
        thread.start()
        stack.callback(thread.join)
    stack.callback(stop.set)
    return stack


def live(work: Work, shaker: Shaker, meter: Meter, options: argparse.Namespace) -> None:
    """Ask for jobs, do faults and take samples until the time is over and every job has ended."""
    seconds = 60 * options.minutes
    pace = ASKED_SHARE * seconds / options.jobs
    while True:
        gone = time.monotonic() - meter.began
        if work.asked < options.jobs and gone >= work.asked * pace:
            work.ask()
        left = work.unfinished()
        if gone < seconds:
            shaker.turn()
        else:
            shaker.go_on()
        work.resume()
        meter.turn(left)
        is_over = gone >= seconds and work.asked >= options.jobs and not left
        if is_over or gone >= seconds + LONGEST_END_SECONDS:
            return
        time.sleep(TURN_SECONDS)


def broken_promises(settings: Settings, work: Work) -> list[str]:
    """What is not as it should be after the end."""
    records = read_records(work.verbs.jobs.queue.store.engine)
    found = [*work.lost(), *(text for record in records for text in audit(record, Expected(ended=True)))]
    found += [f"{path} is left half-written" for path in find_unfinished(settings.home)]
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(str(settings.home) in word for word in command):
            found.append(f"process {process.pid} is left: {' '.join(command)}")
    return found


def main() -> int:
    """Exit code 0 where all targets are met."""
    options = read_options()
    clean_up_on_sigterm()
    print(f"Machine: {describe_machine()}, load {psutil.getloadavg()[0]:.1f}", flush=True)
    ticks, stop = Ticks(), threading.Event()
    with tempfile.TemporaryDirectory(prefix="studio-soak-") as folder:
        settings = Settings(home=Path(folder) / "home", offline=True)
        served = Served(ServedStudio(settings.home).start(START_SECONDS))
        try:
            with closing(open_studio(settings)) as verbs:
                work = Work(served, verbs, Path(folder), random.Random(options.seed))
                work.prepare()
                draw = random.Random(options.seed + 1)
                shaker = Shaker(served, draw, 60 * options.minutes, SECONDS_BETWEEN_FAULTS)
                meter = Meter(served)
                with open_tabs(served.studio.url, options, ticks, stop):
                    live(work, shaker, meter, options)
                served.studio.stop()
                promises = broken_promises(settings, work)
        finally:
            served.studio.stop()
    return tell(options, (work, shaker, meter), ticks, promises)


def tell(
    options: argparse.Namespace, parts: tuple[Work, Shaker, Meter], ticks: Ticks, broken: list[str]
) -> int:
    """Print what was measured; 0 where all targets are met."""
    work, shaker, meter = parts
    meter.show(ticks)
    show_pages(ticks)
    faults = ", ".join(f"{kind} {count} times" for kind, count in Counter(shaker.done).items())
    growth = meter.growth(60 * options.minutes * WARM_SHARE)
    p95 = share_of(answered(ticks.kept), 0.95)
    print(f"Faults: {faults}.")
    print(f"{len(work.accepted)} jobs accepted; {len(broken)} promises broken.")
    for sentence in broken:
        print(f"  {sentence}")
    print(f"Memory of the warm app grew by {100 * growth:.1f} % (limit {100 * GROWTH_LIMIT:.0f} %).")
    print(f"95 of 100 ticks under {1000 * p95:.0f} ms (limit {1000 * TICK_LIMIT_SECONDS:.0f} ms).")
    print(f"Load at the end: {psutil.getloadavg()[0]:.1f}")
    return 0 if not broken and growth < GROWTH_LIMIT and p95 < TICK_LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
