"""Step 1 of the import form without an upload: a table from a web address, the hub, or this server."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.utils import get_upload_folder

from studio.errors import InvalidInput, StudioError
from studio.pages import format as fmt
from studio.pages import guard, layout
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services

W = words_of("data")
FETCHED = "fetched"
HUB_ID = re.compile(r"[\w\-][\w.\-]*/[\w.\-]+(#[\w.\-]+)?")


@dataclass(frozen=True)
class Elsewhere:
    """The fields with which a table is fetched; ``failed`` says why it was not."""

    address: gr.Textbox
    table: gr.Dropdown
    button: gr.Button
    failed: gr.HTML


def build() -> Elsewhere:
    """Lay the fields out; the list of the server's tables shows where the operator opened a folder."""
    with gr.Accordion(W.elsewhere.title, open=False, elem_id="import-elsewhere"):
        with gr.Row(equal_height=False):
            address = gr.Textbox(
                "",
                label=W.elsewhere.address,
                info=W.elsewhere.address_help,
                max_lines=1,
                elem_id="import-address",
            )
            table = gr.Dropdown(
                [],
                label=W.elsewhere.table,
                info=W.elsewhere.table_help,
                visible=False,
                elem_id="import-server-table",
                allow_custom_value=True,
            )
        with gr.Row(elem_classes="s-buttons"):
            button = gr.Button(W.elsewhere.fetch, elem_id="import-fetch")
        failed = layout.html(elem_id="import-not-fetched")
    return Elsewhere(address, table, button, failed)


def list_tables(studio: Services) -> Any:
    """What can be chosen of the folders that the operator opened; hidden where there is none."""
    tables = studio.sources.tables()
    choices = [(f"{table.name} · {fmt.size(table.size_bytes)}", table.address) for table in tables]
    return gr.update(choices=choices, value=None, visible=bool(choices))


def fetch(studio: Services, address: str | None, table: str | None) -> tuple[Any, Any, Any]:
    """The fetched file for the field of the upload, a note that it arrived, and why there is none."""
    wanted = (address or "").strip() or (table or "")
    if HUB_ID.fullmatch(wanted):
        wanted = f"hf:{wanted}"
    try:
        if not wanted:
            raise InvalidInput(W.elsewhere.nothing, W.elsewhere.nothing_hint)
        folder = Path(get_upload_folder()) / FETCHED / uuid.uuid4().hex
        fetched = studio.sources.fetch(wanted, folder)
        arrived = json.dumps([fetched.split_column or "", folder.name])
        return str(keep_in(folder, fetched.path)), arrived, layout.EMPTY
    except StudioError as error:
        return gr.skip(), gr.skip(), guard.as_notice(error)


def split_column_of(noted: str) -> str:
    """The column that keeps the splits of a fetched table, as noted when it arrived.

    >>> split_column_of('["split", "6f1e"]'), split_column_of("")
    ('split', '')
    """
    return str(json.loads(noted)[0]) if noted else ""


def keep_in(folder: Path, path: Path) -> Path:
    """The file in a folder of uploads, so that every later step finds it there."""
    if path.is_dir():
        folder.rmdir()
        raise InvalidInput(W.elsewhere.folder.say(name=path.name), W.elsewhere.folder_hint)
    if path.is_relative_to(folder):
        return path
    kept = folder / path.name
    try:
        os.link(path, kept)
    except OSError:
        shutil.copyfile(path, kept)
    return kept
