"""Texts that were decoded by the wrong encoding: found, and turned back into what they were."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from studio.data.checks.characters import find_mojibake
from studio.data.mojibake import is_broken, is_own, repair
from tests.data.tables import CHINESE

ROOT = Path(os.environ.get("STUDIO_TEST_DATA", "/absent"))
SIMPLIFIED = [text for text, _ in CHINESE] + ["镕基小镇的 iPhone 15 怎么样", "我要退款，AirPods Pro 2 的订单"]
TRADITIONAL = ["請問運動鞋的快遞單號是多少，謝謝", "客服在嗎？申請退款已經 15 天了"]
WRONG_WAYS = [
    ("gb18030", "latin-1"),
    ("gb18030", "cp1252"),
    ("utf-8", "latin-1"),
    ("utf-8", "gb18030"),
    ("big5", "latin-1"),
]
SOUND = [
    "ÄÖÜäöüß",
    "Ça a été décidé à Noël, où l’âge naïf…",
    "«¿Qué?» —dijo ¡él!",
    "Grüße aus Köln – „schön“",
    "±±±±×××× °°°° ££££ §§§§",
    "Đặng Thị Ngọc Thịnh",
    "Привет, мир",
    "日本語のテキストです",
    "한국어 텍스트",
    "联通",
    "呵呵…………看到最后还是不过瘾",
    "wait………… what ——— “……”",
    "浣花溪边，锛床旁的鐨鐩",
]


def misread(text: str, was: str, read_as: str) -> str | None:
    """A text read by another encoding than its own; None where that cannot hold or read it."""
    try:
        return text.encode(was).decode(read_as)
    except UnicodeError:
        return None


@pytest.mark.parametrize(("was", "read_as"), WRONG_WAYS)
def test_chinese_is_found_and_turned_back(was: str, read_as: str) -> None:
    texts = SIMPLIFIED + TRADITIONAL
    broken = {text: wrong for text in texts if (wrong := misread(text, was, read_as)) and wrong != text}
    assert broken
    told = {text: wrong for text, wrong in broken.items() if read_as == "gb18030" or has_own(text, was)}
    assert len(told) >= 2
    assert find_mojibake(pd.Series([*told.values()])).all()
    assert {text: repair(wrong) for text, wrong in told.items()} == {text: text for text in told}
    assert all(repair(wrong) in (text, wrong) for text, wrong in broken.items())


def has_own(text: str, was: str) -> bool:
    """Whether the bytes of a text tell that it is no Korean or Japanese one."""
    names = {"gb18030": "gb2312", "big5": "big5"}
    return was not in names or any(is_own(each, names[was]) for each in text if "\u4e00" <= each <= "\u9fff")


@pytest.mark.parametrize(
    ("text", "was"),
    [
        ("상품이 아주 좋습니다", "euc-kr"),
        ("배송이 너무 늦어요 다시는 안 사요", "euc-kr"),
        ("東京都新宿区西新宿", "euc-jp"),
        ("これは日本語のテキストです", "euc-jp"),
        ("これは日本語です", "shift_jis"),
        ("Привет мир как дела", "cp1251"),
        ("Ελληνικό κείμενο εδώ", "iso8859-7"),
    ],
)
def test_other_languages_are_never_turned_into_chinese(text: str, was: str) -> None:
    wrong = text.encode(was).decode("latin-1")
    assert repair(wrong) == wrong


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_text_is_left_alone(text: str) -> None:
    assert not is_broken(text)
    assert repair(text) == text


@pytest.mark.parametrize("text", ["涓冨ぉ鏃犵悊鐢遍\ufffd\ufffd璐х殑杩愯垂", "ÄãºÃ£¬±£ÎÂ±\ufffdÊ¾ÒÑÇ©ÊÕ"])
def test_one_that_lost_bytes_stays_as_it_is(text: str) -> None:
    assert repair(text) == text


def test_real_chinese_is_never_taken_for_broken_and_always_turned_back() -> None:
    path = ROOT / "chnsenticorp" / "test.tsv"
    if not path.exists():
        pytest.skip("chnsenticorp is not there; set STUDIO_TEST_DATA")
    texts = [line.split("\t")[-1] for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    assert [text for text in texts if is_broken(text)] == []
    tried = 0
    for was, read_as in WRONG_WAYS:
        for text in texts:
            wrong = misread(text, was, read_as)
            if wrong is not None and is_broken(wrong):
                tried += 1
                assert repair(wrong) in {text, wrong}
    assert tried > len(texts)
