"""All pages in one Gradio app, and that app mounted on the studio's server."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import gradio as gr
from fastapi import FastAPI

from studio.pages import layout
from studio.pages.early import EarlyScript
from studio.pages.headers import PageHeaders
from studio.pages.lean import LeanBlocks
from studio.pages.missing import MissingPage
from studio.pages.registry import PAGES, Page, Services
from studio.pages.theme import FOLDER, make_theme
from studio.pages.words import words_of
from studio.settings import Settings

CACHE_CHECK_SECONDS = 3600
CACHE_AGE_SECONDS = 86400
EVENTS_AT_ONCE = 8
# Gradio keeps a megabyte for each page that was opened, closed or not. Open ones ask every second or two, so
# that of more than this many the closed ones are forgotten first.
OPEN_PAGES = 100
# Gradio says it to screen readers when something was done, and has it in no language.
UNTRANSLATED = {"common": {"complete": str(words_of("frame").done)}}
PRIVATE = ("studio.db", "models", "datasets", "jobs", "checkpoints")  # never served as files


def build_pages(studio: Services) -> gr.Blocks:
    """Every registered page, each under its own address."""
    blocks = LeanBlocks(
        title=str(words_of("frame").product),
        analytics_enabled=False,
        delete_cache=(CACHE_CHECK_SECONDS, CACHE_AGE_SECONDS),
        fill_width=True,
    )
    for page in PAGES:
        if page.path:
            blocks.route(page.title, f"/{page.path}", show_in_navbar=False)
        with blocks:
            build_page(page, studio)
    blocks.state_session_capacity = OPEN_PAGES
    blocks.queue(default_concurrency_limit=EVENTS_AT_ONCE, api_open=False)
    return blocks


def build_page(page: Page, studio: Services) -> None:
    """The bar on top and the page under it."""
    gr.Navbar(visible=False)
    everywhere = [(each.path, each.title) for each in PAGES]
    layout.html(layout.navigation(everywhere, page.path), elem_id="navigation")
    with gr.Column(elem_id="page", elem_classes=f"s-page-{page.words}"):
        page.build(studio)


def mount_pages(application: FastAPI, studio: Services, settings: Settings) -> FastAPI:
    """Mount the pages at the root of the server; uploads stay within the studio's home.

    ``has_launched`` is what switches Gradio's check of upload paths on: only ``launch()`` sets it by
    itself, and without it any caller of the API could have any file of this machine read.
    """
    folder = settings.uploads_dir / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder, CACHE_AGE_SECONDS)
    os.environ.update(GRADIO_TEMP_DIR=str(folder), GRADIO_ANALYTICS_ENABLED="False")
    blocks = build_pages(studio)
    with warnings.catch_warnings():
        # Said of every app with several pages, even where server-side rendering is not asked for.
        warnings.filterwarnings("ignore", message="SSR mode is not supported")
        gr.mount_gradio_app(
            application,
            blocks,
            path="/",
            server_name=settings.host,
            server_port=settings.port,
            theme=make_theme(),
            head=head_html(),
            favicon_path=str(FOLDER / "favicon.svg"),
            footer_links=[],
            run_history=False,
            allowed_paths=None,
            blocked_paths=[str(settings.home / name) for name in PRIVATE],
            show_error=True,
            max_file_size=settings.max_upload_bytes,
            ssr_mode=False,
            mcp_server=False,
            i18n=gr.I18n(en=UNTRANSLATED),  # type: ignore[arg-type]
        )
    blocks.has_launched = True
    application.add_middleware(EarlyScript)
    application.add_middleware(MissingPage)
    application.add_middleware(PageHeaders)
    return application


def sweep(folder: Path, age_seconds: float) -> None:
    """Delete uploads that a studio which was stopped hard has left behind."""
    oldest = time.time() - age_seconds
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def head_html() -> str:
    """What stands in the head of every page: the scripts for theme, copying, title and news of jobs."""
    scripts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("studio.js", "notify.js")]
    return "".join(f"<script>{script}</script>" for script in scripts)
