"""Tell each story with a fault at every passing of every point: ``python -m tests.faults``."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from jobs.faults import POINTS
from tests.faults.matrix import Matrix, Row, show
from tests.faults.stories import STORIES


def main() -> int:
    """Run the matrix, or the part that the command line names; 1 where something did not survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--story", action="append", choices=STORIES, help="only this story (repeatable)")
    parser.add_argument("--point", action="append", choices=POINTS, help="only this point (repeatable)")
    parser.add_argument("--at-once", type=int, default=3, help="how many stories are told at a time")
    parser.add_argument("--every", type=int, help="try each passing (1), or every so many, of every story")
    options = parser.parse_args()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="studio-faults-"))
    rows: list[Row] = []
    for name in options.story or STORIES:
        story = replace(STORIES[name], every=options.every or STORIES[name].every)
        matrix = Matrix(story, folder / name, options.at_once)
        rows += matrix.run([point for point in story.points if point in (options.point or POINTS)])
    print(show(rows, time.monotonic() - began))
    lost = [row for row in rows if row.wrong]
    if not lost:
        shutil.rmtree(folder)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
