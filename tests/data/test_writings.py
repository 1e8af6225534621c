"""A text in a script or language that a model has not learnt from is told from those it has."""

from __future__ import annotations

import pytest

from studio.data.writings import Strange, Writings
from tests.conftest import small_rows

ENGLISH = [f"the parcel number {number} is not here and you have it" for number in range(40)]
GERMAN = [f"das Paket {number} ist nicht da und ich habe es nicht" for number in range(40)]


@pytest.mark.parametrize(
    ("texts", "text", "strange"),
    [
        (ENGLISH, "我要退款，还没收到货", Strange("Chinese", 0.0)),
        (ENGLISH, "где моя посылка", Strange("Cyrillic", 0.0)),
        (ENGLISH, "ich habe das nicht und will das Geld", Strange("German", 0.0)),
        (ENGLISH, "where is the refund for this", None),
        (ENGLISH, "kaputt", None),
        (ENGLISH, "12345 !!", None),
        (ENGLISH + GERMAN, "ich habe das nicht und will das Geld", None),
        (["我要退款", "还没收到货"], "where is the refund for this", Strange("Latin", 0.0)),
        ([*ENGLISH * 5, "我要退款"], "还没收到货", Strange("Chinese", 1 / 201)),
        ([*ENGLISH, *["Paket kaputt", "Geld weg"] * 60], "ich habe das nicht und will das Geld", None),
        (["A1", "B2", "C3"], "ich habe das nicht und will das Geld", None),
        ([], "我要退款", None),
    ],
)
def test_a_text_is_strange_where_hardly_any_is_written_like_it(
    texts: list[str], text: str, strange: Strange | None
) -> None:
    assert Writings.of(texts).find_strange(text) == strange


def test_the_texts_that_were_learnt_from_are_never_strange_themselves() -> None:
    texts = [text for text, _ in small_rows()]
    learnt = Writings.of(texts)
    assert [text for text in texts if learnt.find_strange(text)] == []
