"""Run every test, the journeys in a browser beside the others: ``python -m tests``."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile

PYTEST = (sys.executable, "-m", "pytest")
JOURNEYS = (*PYTEST, "-m", "browser")
OTHERS = (*PYTEST, "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not browser")


def main() -> int:
    """The first exit code that is not 0; what the journeys print comes last, in one piece."""
    with tempfile.TemporaryFile("w+") as printed:
        journeys = subprocess.Popen(JOURNEYS, stdout=printed, stderr=subprocess.STDOUT)
        try:
            codes = [subprocess.run(OTHERS).returncode, journeys.wait()]
        finally:
            journeys.terminate()
            journeys.wait()
        printed.seek(0)
        shutil.copyfileobj(printed, sys.stdout)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
