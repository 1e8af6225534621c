"""The table of checkpoints in the documents is the catalogue's; run this module to write it anew."""

from __future__ import annotations

from pathlib import Path

from studio.checkpoints.catalogue import Checkpoint, load_catalogue
from studio.checkpoints.resolve import STATES, round_megabytes

PAGE = Path(__file__).parents[2] / "docs" / "checkpoints.md"
ROW_HEAD = [
    "| id | language | cased | layers x width | parameters | tokens | download | licence |",
    "|---|---|---|---|---:|---:|---:|---|",
]


def row(one: Checkpoint) -> str:
    """Write one checkpoint as a row of the table."""
    licence = f"[{one.licence}]({one.licence_source})" if one.licence else ""
    download = "built in" if one.builtin else round_megabytes(one.download_bytes)
    cells = [
        f"`{one.id}`",
        one.language,
        "yes" if one.cased else "no",
        f"{one.layers} x {one.hidden}",
        f"{one.parameters / 1e6:.1f} M",
        f"{one.max_tokens:,}",
        f"{download}, pickle" if one.pickle_only else download,
        licence,
    ]
    return f"| {' | '.join(cells)} |"


def written_rows() -> list[str]:
    """Write the rows of all checkpoints in the order of the catalogue."""
    return [row(one) for one in load_catalogue().values()]


def test_the_table_of_the_documents_is_the_catalogue() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(ROW_HEAD[0])
    assert lines[start:] == [*ROW_HEAD, *written_rows()]


def test_every_state_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"**{state}**" in text for state in STATES)


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8").split(ROW_HEAD[0])[0]
    PAGE.write_text(before + "\n".join([*ROW_HEAD, *written_rows()]) + "\n", encoding="utf-8")
