"""Pictures of every page for the README and the docs, from a real studio with trained models.

Writes docs/images/; ``--all`` adds dark mode and a width of 390 pixels, into build/screenshots/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.command import ROOT
from tests.journeys.browser import ARGUMENTS, require_browser
from tests.journeys.served import ServedStudio

WIDTHS = {"wide": (1280, 900), "narrow": (390, 844)}
SETTLE_MILLISECONDS = 2500
PICTURES = ("results", "train", "jobs", "data", "predict", "compare")


@dataclass(frozen=True)
class Shot:
    """One picture: the page's name, its address, theme and width."""

    name: str
    address: str
    theme: str = "light"
    width: str = "wide"

    @property
    def file_name(self) -> str:
        """results.png, or results-dark-narrow.png."""
        parts = [self.name] + [part for part in (self.theme, self.width) if part not in {"light", "wide"}]
        return "-".join(parts) + ".png"


def prepare(studio: ServedStudio) -> dict[str, str]:
    """Train two models on the sample and give the address of each page."""
    dataset = studio.run("dataset", "sample")["name"]
    common = ["train", "--dataset", dataset, "--checkpoint", "minilm-l6"]
    studio.run(*common, "--preset", "quick", "--name", "intents-quick", "--wait")
    job = studio.run(*common, "--preset", "balanced", "--name", "intents", "--wait")
    return {
        "start": "/",
        "data": f"/data?dataset={dataset}",
        "train": f"/train?dataset={dataset}",
        "jobs": f"/jobs?job={job['id']}",
        "results": "/results?model=intents",
        "predict": "/predict?model=intents",
        "compare": "/compare?models=intents,intents-quick",
    }


def take(browser: Browser, url: str, shot: Shot, folder: Path) -> None:
    """One picture of the whole page."""
    width, height = WIDTHS[shot.width]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    separator = "&" if "?" in shot.address else "?"
    page.goto(f"{url}{shot.address}{separator}__theme={shot.theme}", wait_until="commit")
    page.locator("#page h1").first.wait_for()
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / shot.file_name, full_page=True)
    context.close()


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every theme and width, into build/screenshots")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="studio-pictures-") as folder, sync_playwright() as playwright:
        studio = ServedStudio(Path(folder) / "home").start()
        browser = playwright.chromium.launch(executable_path=require_browser(), args=ARGUMENTS)
        try:
            addresses = prepare(studio)
            for name in PICTURES:
                take(browser, studio.url, Shot(name, addresses[name]), ROOT / "docs" / "images")
            for name, address in addresses.items() if options.all else ():
                for theme in ("light", "dark"):
                    for width in WIDTHS:
                        shot = Shot(name, address, theme, width)
                        take(browser, studio.url, shot, ROOT / "build" / "screenshots")
        finally:
            browser.close()
            studio.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
