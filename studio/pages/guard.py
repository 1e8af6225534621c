"""The boundary between pages and everything that may fail: errors become plain sentences here."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from markupsafe import Markup, escape

from jobs.errors import CannotWrite
from studio.errors import InvalidInput, StudioError
from studio.pages import layout
from studio.pages.words import words_of

W = words_of("frame")
TOAST_SECONDS = 12
logger = logging.getLogger("studio.pages")


def in_words(error: Exception) -> tuple[str, str]:
    """Message and hint of any error; one that was not expected is logged and described plainly."""
    if isinstance(error, StudioError | CannotWrite):
        return error.message, error.hint
    logger.error("A page could not do what was asked", exc_info=error)
    return W.unexpected.message, W.unexpected.hint


def toast(error: Exception) -> gr.Error:
    """The error as a message over the page (its text escaped: Gradio shows it as HTML)."""
    message, hint = in_words(error)
    text = Markup("{}<br>{}").format(message, hint) if hint else escape(message)
    title = W.refused.title if isinstance(error, StudioError | CannotWrite) else W.unexpected.title
    return gr.Error(str(text), duration=TOAST_SECONDS, title=str(title), print_exception=False)


def as_notice(error: Exception) -> Markup:
    """The error as a notice that stays in the page."""
    message, hint = in_words(error)
    return layout.notice("error", message, hint)


def with_toast(handler: Callable[..., Any]) -> Callable[..., Any]:
    """For event handlers: whatever fails becomes a message over the page."""

    @functools.wraps(handler)
    def guarded(*values: Any, **named: Any) -> Any:
        try:
            return handler(*values, **named)
        except gr.Error:
            raise
        except Exception as error:
            raise toast(error) from error

    return guarded


def with_notice(render: Callable[..., Any]) -> Callable[..., Any]:
    """For functions that return one piece of HTML: whatever fails is shown in its place."""

    @functools.wraps(render)
    def guarded(*values: Any, **named: Any) -> Any:
        try:
            return render(*values, **named)
        except Exception as error:  # noqa: BLE001 - the pages' boundary: in_words logs it
            return as_notice(error)

    return guarded


def uploaded(path: str | os.PathLike[str]) -> Path:
    """The real path of an uploaded file; InvalidInput for any file that was not uploaded here.

    Gradio checks this too once ``has_launched`` is set; a handler that opens files checks again.
    """
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(get_upload_folder())) or not real.is_file():
        raise InvalidInput(W.refused.upload_message, W.refused.upload_hint)
    return real
