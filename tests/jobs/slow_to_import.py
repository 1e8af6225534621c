"""Takes a moment to import, as the libraries of a training do."""

import time

from tests.jobs.handlers_for_tests import report_and_succeed, wait_for_cancel

__all__ = ["report_and_succeed", "wait_for_cancel"]

time.sleep(1.5)
