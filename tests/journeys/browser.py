"""Find a Chromium or Chrome, else install Playwright's own, else say what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
ADVICE = (
    "The journeys need a browser, and none was found. Install Chromium or Chrome "
    "(Debian or Ubuntu: 'apt install chromium'; macOS: 'brew install --cask google-chrome'), "
    "or run '.venv/bin/playwright install chromium' where there is a network, then run this again."
)


def find_browser() -> str | None:
    """Path of a browser on this machine, Playwright's own included, or None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    for path in MAC_PATHS:
        if os.path.exists(path):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def require_browser() -> str:
    """As find_browser, after trying to install Playwright's own; exits with the advice where that fails."""
    if path := find_browser():
        return path
    print("No browser found; installing Playwright's own ...", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if path := find_browser():
        return path
    raise SystemExit(ADVICE)


if __name__ == "__main__":
    print(f"Browser for the journeys: {require_browser()}")
