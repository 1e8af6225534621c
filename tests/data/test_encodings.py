"""The encoding of a file is found by the text it gives."""

from __future__ import annotations

import pytest

from studio.data.readers.encodings import decode_bytes
from studio.errors import InvalidInput

WESTERN = "Crème brûlée für 5 €, “naïve” – señor Núñez’s façade"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain ascii", "utf-8"),
        (WESTERN, "utf-8"),
        ("酒店很好", "utf-8"),
        (WESTERN, "utf-8-sig"),
        ("酒店很好", "utf-16"),
        ("服务很好,1\n位置不错,0\n", "gb18030"),
        ("好", "gb18030"),
        ("Lenovo 键盘 ok, 10 分", "gb18030"),
        (WESTERN, "cp1252"),
        ("é", "cp1252"),
        ("Größe: 12 Stück, süß", "cp1252"),
        ("a lot of plain text and then one ñ", "cp1252"),
        ("ÉCOLE ÀÉ Ü", "cp1252"),
        ("a 5% rise to $18.34bn (£9.6bn) by 20°C", "cp1252"),
        ("perché così è già", "cp1252"),
        ("World’s largest building", "cp1252"),
        ("房間", "big5"),
        ("房间", "gb18030"),
        ("這家飯店", "big5"),
        ("データ", "cp932"),
        ("안녕하세요", "cp949"),
        ("Привет", "cp1251"),
        ("Привет, как дела?", "koi8_r"),
        ("Dziękuję, paczka przyszła", "cp1250"),
        ("Πού είναι η παραγγελία", "cp1253"),
        ("Siparişim nerede? Çok yavaş", "cp1254"),
        ("text,标签\n一直很好一一一,1\n", "utf-16-le"),
        ("text,标签\n一直很好一一一,1\n", "utf-16-be"),
        ("text,label\nso good,1\n", "utf-32-le"),
        ("text,label\nso good,1\n", "utf-32-be"),
        ("text,label\nso good,1\n", "utf-32"),
    ],
)
def test_text_comes_back_as_it_was_written(text: str, encoding: str) -> None:
    decoded = decode_bytes(text.encode(encoding))
    assert decoded.encoding == encoding
    assert decoded.text == text


def test_a_damaged_byte_in_utf8_does_not_turn_the_file_into_another_encoding() -> None:
    data = ("Größe und Maße, schön " * 30).encode() + b"\xff" + " und süß".encode()
    decoded = decode_bytes(data)
    assert decoded.encoding == "utf-8"
    assert decoded.text.count("\ufffd") == 1


def test_a_chosen_encoding_overrules_and_gbk_means_its_larger_set() -> None:
    assert decode_bytes("é".encode("cp1252"), "latin-1").text == "é"
    assert decode_bytes("㐀好".encode("gb18030"), "GBK") == decode_bytes("㐀好".encode("gb18030"), "gb18030")


def test_a_byte_order_mark_is_left_out_when_utf8_was_chosen() -> None:
    assert decode_bytes("text".encode("utf-8-sig"), "UTF-8").text == "text"


def test_an_unknown_encoding_gets_a_sentence() -> None:
    with pytest.raises(InvalidInput, match="'klingon' is not an encoding"):
        decode_bytes(b"x", "klingon")


def test_a_codec_that_gives_no_text_is_refused() -> None:
    with pytest.raises(InvalidInput):
        decode_bytes(b"x", "base64")


def test_a_large_western_file_with_one_accent_at_its_end_is_western() -> None:
    assert decode_bytes(b"plain line\n" * 200_000 + "café\n".encode("cp1252")).encoding == "cp1252"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Где мой заказ? Он должен был прийти в понедельник.\n", "cp1251"),
        ("注文した商品はどこにありますか。月曜日に届くはずでした。\n", "cp932"),
        ("這家飯店的位置很好，服務也不錯，下次還會再來。\n", "big5"),
    ],
)
def test_an_encoding_out_of_the_usual_is_found_by_its_text(text: str, encoding: str) -> None:
    decoded = decode_bytes((text * 5).encode(encoding))
    assert (decoded.text, decoded.encoding, decoded.sure) == (text * 5, encoding, True)
