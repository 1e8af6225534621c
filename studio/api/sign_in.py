"""The page that asks for the token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape


def sign_in_page(query: Mapping[str, Sequence[str]]) -> str:
    """The page with a form that leads to the same address, with all that stood in its query.

    >>> '<input type="hidden" name="model" value="a&amp;b">' in sign_in_page({"model": ["a&b"]})
    True
    """
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, values in query.items()
        for value in values
    )
    return PAGE.replace("<!-- query -->", kept)


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Encoder Studio</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px system-ui,sans-serif;max-width:26rem;margin:18vh auto;padding:0 1rem;
 color-scheme:light dark}
input,button{font:inherit;padding:.6rem;width:100%;box-sizing:border-box;margin-top:.6rem}
</style>
<h1>Encoder Studio</h1><form><!-- query -->
<label for="token">Token of this studio (ask who started it)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required>
<button>Open</button></form></html>"""
