"""Addresses that can be shared carry any name there and back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import gradio as gr
import pytest

from studio.pages import links


@pytest.mark.parametrize("name", ["bbc-m", "my model", "客服 2026", "a&b=c", "100 %", "#1"])
def test_any_name_survives_the_way_through_an_address(name: str) -> None:
    query = urlsplit(links.link("results", model=name)).query
    assert parse_qs(query) == {"model": [name]}


def test_what_an_address_does_not_ask_for_is_none() -> None:
    assert links.asked(None, "model") is None


def test_what_an_address_asks_for_is_read_from_the_request() -> None:
    class Asking(gr.Request):
        query_params = {"model": "bbc-m", "empty": ""}

    assert links.asked(Asking(), "model") == "bbc-m"
    assert links.asked(Asking(), "empty") is None
