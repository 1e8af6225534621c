"""The few icons of the studio, drawn inline so that nothing is fetched."""

from __future__ import annotations

from markupsafe import Markup

# Each is drawn on a 16 x 16 field with a 1.5 line in the colour of the text around it.
PATHS = {
    "info": '<circle cx="8" cy="8" r="6.25"/><path d="M8 7.2v3.6M8 4.9v.1"/>',
    "good": '<circle cx="8" cy="8" r="6.25"/><path d="m5.2 8.2 2 2 3.6-4.2"/>',
    "warning": '<path d="M8 2.2 14.4 13.4H1.6Z"/><path d="M8 6.4v3.2M8 11.4v.1"/>',
    "error": '<circle cx="8" cy="8" r="6.25"/><path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4"/>',
    "quiet": '<circle cx="8" cy="8" r="2.2"/>',
    "waiting": '<circle cx="8" cy="8" r="6.25"/><path d="M8 4.6V8l2.2 1.6"/>',
    "running": '<path d="M13.9 8A5.9 5.9 0 1 1 8 2.1"/><path d="m8 .4 1.9 1.7L8 3.9"/>',
    "paused": '<circle cx="8" cy="8" r="6.25"/><path d="M6.4 5.6v4.8M9.6 5.6v4.8"/>',
    "stopped": '<circle cx="8" cy="8" r="6.25"/><path d="M5.2 8h5.6"/>',
    "theme": '<circle cx="8" cy="8" r="5.6"/><path d="M8 2.4a5.6 5.6 0 0 1 0 11.2Z" fill="currentColor"/>',
    "brand": '<path d="M2 4.2h12M2 8h8.4M2 11.8h5"/><circle cx="12.6" cy="11" r="2.1" fill="currentColor"/>',
}
FRAME = (
    '<svg class="s-icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" '
    'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>'
)


def icon(name: str) -> Markup:
    """An icon by name; it is decoration, so a word always stands with it."""
    return Markup(FRAME.format(PATHS[name]))
