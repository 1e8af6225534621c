"""The look of the studio: one calm theme, light and dark, from the custom properties in theme.css."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils.colors import Color

FOLDER = Path(__file__).parent / "static"
FONT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
FONT_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")
PETROL = Color(
    c50="#eef7f7", c100="#d5ebec", c200="#aed8da", c300="#7cbec2", c400="#459fa5", c500="#1f8289",
    c600="#0f6a71", c700="#0e565c", c800="#10454a", c900="#10393d", c950="#06282b", name="petrol",
)  # fmt: skip
SLATE = Color(
    c50="#f7f8f9", c100="#eef0f2", c200="#dfe3e6", c300="#c6ccd2", c400="#929ba5", c500="#68727d",
    c600="#4d5761", c700="#39424b", c800="#22292f", c900="#181d22", c950="#101418", name="slate",
)  # fmt: skip


# Gradio's variables, each standing for one custom property of theme.css.
TOKENS = {
    "body_background_fill": "var(--s-page)",
    "body_text_color": "var(--s-ink)",
    "body_text_color_subdued": "var(--s-quiet)",
    "background_fill_primary": "var(--s-surface)",
    "background_fill_secondary": "var(--s-sunken)",
    "block_background_fill": "var(--s-surface)",
    "block_border_color": "var(--s-line)",
    "block_border_width": "1px",
    "block_shadow": "none",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "var(--s-quiet)",
    "block_label_border_width": "0px",
    "block_title_text_color": "var(--s-ink)",
    "block_info_text_color": "var(--s-quiet)",
    "border_color_primary": "var(--s-line)",
    "border_color_accent": "var(--s-accent)",
    "color_accent_soft": "var(--s-accent-soft)",
    "link_text_color": "var(--s-accent-ink)",
    "link_text_color_hover": "var(--s-accent-ink)",
    "link_text_color_active": "var(--s-accent-ink)",
    "link_text_color_visited": "var(--s-accent-ink)",
    "input_background_fill": "var(--s-field)",
    "input_background_fill_focus": "var(--s-field)",
    "input_background_fill_hover": "var(--s-field)",
    "input_border_color": "var(--s-field-line)",
    "input_border_color_focus": "var(--s-accent)",
    "input_border_width": "1px",
    "input_shadow": "none",
    "input_placeholder_color": "var(--s-quiet)",
    "button_primary_background_fill": "var(--s-accent)",
    "button_primary_background_fill_hover": "var(--s-accent-strong)",
    "button_primary_text_color": "var(--s-on-accent)",
    "button_primary_text_color_hover": "var(--s-on-accent)",
    "button_primary_border_color": "var(--s-accent)",
    "button_secondary_background_fill": "var(--s-surface)",
    "button_secondary_background_fill_hover": "var(--s-sunken)",
    "button_secondary_text_color": "var(--s-ink)",
    "button_secondary_border_color": "var(--s-field-line)",
    "button_cancel_background_fill": "var(--s-surface)",
    "button_cancel_background_fill_hover": "var(--s-error-soft)",
    "button_cancel_text_color": "var(--s-error)",
    "button_cancel_text_color_hover": "var(--s-error)",
    "button_cancel_border_color": "var(--s-error)",
    "checkbox_background_color": "var(--s-field)",
    "checkbox_background_color_selected": "var(--s-accent)",
    "checkbox_border_color": "var(--s-field-line)",
    "checkbox_border_color_selected": "var(--s-accent)",
    "checkbox_label_background_fill": "var(--s-surface)",
    "checkbox_label_background_fill_hover": "var(--s-sunken)",
    "checkbox_label_background_fill_selected": "var(--s-accent-soft)",
    "checkbox_label_text_color": "var(--s-ink)",
    "checkbox_label_text_color_selected": "var(--s-ink)",
    "checkbox_label_border_color": "var(--s-field-line)",
    "slider_color": "var(--s-accent)",
    "loader_color": "var(--s-accent)",
    "panel_background_fill": "var(--s-sunken)",
    "table_border_color": "var(--s-line)",
    "table_even_background_fill": "var(--s-surface)",
    "table_odd_background_fill": "var(--s-surface)",
    "table_text_color": "var(--s-ink)",
    "error_background_fill": "var(--s-error-soft)",
    "error_border_color": "var(--s-error)",
    "error_text_color": "var(--s-error)",
    "error_icon_color": "var(--s-error)",
}


def make_theme() -> gr.themes.Base:
    """Gradio's own components in the studio's colours; the stylesheet rides along in /theme.css."""
    theme = gr.themes.Base(
        primary_hue=PETROL,
        secondary_hue=PETROL,
        neutral_hue=SLATE,
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_md,
        font=FONT,
        font_mono=FONT_MONO,
    ).set(color_accent="var(--s-accent)", block_title_text_weight="550", **dict(paired_tokens()))
    theme.custom_css = read_stylesheets()
    return theme


def read_stylesheets() -> str:
    """theme.css, and after it the stylesheets of pages that need rules of their own."""
    common = FOLDER / "theme.css"
    own = sorted(path for path in FOLDER.glob("*.css") if path != common)
    return "\n".join(path.read_text(encoding="utf-8") for path in (common, *own))


def paired_tokens() -> list[tuple[str, str]]:
    """Every variable with its value for light and again for dark: the custom property knows which is on."""
    return [pair for name, value in TOKENS.items() for pair in ((name, value), (f"{name}_dark", value))]
