"""How many planted repeats, contradictions and leaks the table doctor finds: ``python -m bench.leaks``.

A made table of distinct texts, English and Chinese, in which copies are planted whose places are known.
Recall is the share of the plants that are marked, precision the share of the marked rows that are plants.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.brute import near_rows
from bench.command import describe_machine
from studio.data.checks.rows import Checked, recheck
from studio.data.near import find_near_duplicates
from studio.data.near.groups import THRESHOLD
from studio.data.readers import read_table

ROLES = {"text": "text", "label": "label"}
LABELS = ("delivery", "payment", "quality", "service")
# Texts are made of these words in any order, so that two of them are as different as two messages of people.
ENGLISH_WORDS = """
    courier neighbour driver colleague desk parcel kettle tiles lamp garden chair radio winter coat
    coffee beans violin case spare key notebook bicycle pump knives station bakery floor rain lift
    stairs yard gate car Monday Thursday noon holiday March birthday storm week moved answered bell paid
    twice mother laugh handle loose buy again colour wrong please call back receipt missing help line
    kind street closed left returned dropped forgot carried opened promised replaced photographed nobody
    somebody because although before after without behind money account charged refund email order
    number window quiet bright heavy small green yellow wooden metal broken perfect careful late early
    twenty seven hundred children grandfather teacher market kitchen battery screen cable
"""
CHINESE_WORDS = """
    快递 邻居 前台 司机 同事 师傅 包裹 水壶 台灯 花园 椅子 收音机 冬天 外套 咖啡 钥匙 笔记本
    打气筒 菜刀 车站 面包店 楼层 电梯 楼梯 院子 侧门 下午 周四 中午 节后 三月 生日 暴雨 两周
    电话 付款 妈妈 把手 松动 购买 颜色 图片 回电 发票 客服 态度 街道 关闭 留下 退回 忘记
    打开 答应 更换 拍照 没人 有人 因为 虽然 之前 以后 账户 扣费 退款 邮件 订单 号码 窗户
    安静 明亮 沉重 绿色 黄色 木头 金属 破损 完美 小心 迟到 提前 二十 孩子 爷爷 老师 市场
    厨房 电池 屏幕 数据线 质量 便宜 满意 失望 推荐 再来 服务 房间 早餐 隔音 位置 地铁 价格
    性价比 键盘 鼠标 散热 声音 物流 包装
"""
FEWEST_WORDS, MOST_WORDS = 14, 24


REAL = {
    "sst2/train.tsv": "column_1",
    "banking77/train.csv": "text",
    "sms_spam/SMSSpamCollection": "column_2",
    "chnsenticorp/train.tsv": "text_a",
    "thucnews_titles/test.txt": "column_1",
}


@dataclass(frozen=True)
class Plant:
    """A kind of copy: what is done to a text, whether the label changes, and what must mark it."""

    name: str
    change: Callable[[str, np.random.Generator], str]
    code: str
    other_label: bool = False
    leaks: bool = False


def make_texts(count: int, words: Sequence[str], joint: str, chance: np.random.Generator) -> list[str]:
    """Distinct texts of 14 to 24 of the words."""
    texts: dict[str, None] = {}
    while len(texts) < count:
        length = int(chance.integers(FEWEST_WORDS, MOST_WORDS + 1))
        texts[joint.join(words[place] for place in chance.choice(len(words), length, replace=False))] = None
    return list(texts)


def mistype(text: str, chance: np.random.Generator) -> str:
    """One letter replaced by another."""
    place = int(chance.integers(1, len(text) - 1))
    letter = "鑫" if ord(text[place]) > 0x3000 else "q"
    return text[:place] + letter + text[place + 1 :]


def change_word(text: str, chance: np.random.Generator) -> str:
    """One word replaced; two characters where there are no blanks."""
    words = text.split(" ")
    if len(words) == 1:
        place = int(chance.integers(1, len(text) - 3))
        return text[:place] + "刚才" + text[place + 2 :]
    words[int(chance.integers(len(words)))] = "sudden"
    return " ".join(words)


def change_signs(text: str, chance: np.random.Generator) -> str:
    """Capitals, and a comma and two marks more."""
    place = len(text) // 2
    return text[:place].upper() + ", " + text[place:] + "?!"


def append(text: str, chance: np.random.Generator) -> str:
    """A sentence more."""
    return text + ("，谢谢各位了" if ord(text[0]) > 0x3000 else ". Thank you very much in advance")


def blank(text: str, chance: np.random.Generator) -> str:
    """Other blanks and capitals, which count as the same text."""
    return "  " + text.replace(" ", "  ").capitalize() + "\t"


def same(text: str, chance: np.random.Generator) -> str:
    """The text itself."""
    return text


PLANTS = (
    Plant("exact copy", same, "duplicate_text"),
    Plant("other blanks", blank, "duplicate_text"),
    Plant("same, other label", same, "conflicting_labels", other_label=True),
    Plant("same in the test", same, "shared_text", leaks=True),
    Plant("letter mistyped", mistype, "near_duplicate_text"),
    Plant("word changed", change_word, "near_duplicate_text"),
    Plant("signs and capitals", change_signs, "near_duplicate_text"),
    Plant("sentence more", append, "near_duplicate_text"),
    Plant("nearly, other label", change_word, "near_conflicting_labels", other_label=True),
    Plant("nearly in the test", change_word, "near_shared_text", leaks=True),
)


@dataclass(frozen=True)
class Planted:
    """Rows as the checks take them, the kind of plant of each ("" for other texts), and its language."""

    rows: pd.DataFrame
    kinds: np.ndarray
    languages: np.ndarray


def plant(texts_each: int, copies: int, seed: int = 0) -> Planted:
    """A table with so many texts of each language and so many copies of each kind in each."""
    chance = np.random.default_rng(seed)
    table: list[tuple[str, str, str, str, str]] = []
    for language, words, joint in (("English", ENGLISH_WORDS, " "), ("Chinese", CHINESE_WORDS, "")):
        texts = make_texts(texts_each, words.split(), joint, chance)
        labels = [str(label) for label in chance.choice(LABELS, len(texts))]
        sources = iter(chance.permutation(len(texts))[: copies * len(PLANTS)])
        sides = np.where(np.arange(len(texts)) % 10 == 9, "validation", "train").astype(object)
        added = []
        for kind in PLANTS:
            for _ in range(copies):
                source = int(next(sources))
                sides[source] = "train"
                label = labels[source]
                if kind.other_label:
                    label = LABELS[(LABELS.index(label) + 1) % len(LABELS)]
                side = "test" if kind.leaks else "train"
                added.append((kind.change(texts[source], chance), label, side, kind.name, language))
        own = zip(texts, labels, sides, [""] * len(texts), [language] * len(texts), strict=True)
        table += [*own, *added]
    texts_, labels_, sides_, kinds, languages = (list(column) for column in zip(*table, strict=True))
    rows = pd.DataFrame({"text": texts_, "label": labels_, "split": sides_}).astype("str")
    rows = rows.assign(line=np.arange(2, len(rows) + 2), file="planted.csv")
    return Planted(rows, np.array(kinds, dtype=object), np.array(languages, dtype=object))


def has(checked: Checked, code: str) -> np.ndarray:
    """Which rows are marked with a finding."""
    if code not in checked.codes:
        return np.zeros(len(checked.rows), dtype=bool)
    return (checked.rows["marks"].to_numpy() >> checked.codes.index(code)) & 1 == 1


def measure(planted: Planted) -> pd.DataFrame:
    """Recall of each kind of plant in each language, and precision of the finding that marks it."""
    near = find_near_duplicates(planted.rows["text"])
    checked = recheck(planted.rows, ROLES, near=near)
    table = []
    for kind in PLANTS:
        marked = has(checked, kind.code)
        meant = np.isin(planted.kinds, [each.name for each in PLANTS if each.code == kind.code])
        for language in ("English", "Chinese"):
            here = planted.languages == language
            plants = here & (planted.kinds == kind.name)
            # A contradiction marks the text it contradicts as well.
            right = marked & here & (meant | (planted.kinds == "") if kind.other_label else meant)
            table.append(
                {
                    "plant": kind.name,
                    "language": language,
                    "finding": kind.code,
                    "plants": int(plants.sum()),
                    "recall": float(marked[plants].mean()),
                    "precision": float(right.sum() / max(1, (marked & here).sum())),
                }
            )
    return pd.DataFrame(table)


def main() -> None:
    """Print recall and precision of each kind of plant, and the agreement with brute force on sst2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000, help="distinct texts of each language")
    parser.add_argument("--copies", type=int, default=500, help="copies of each kind in each language")
    options = parser.parse_args()
    print(describe_machine())
    planted = plant(options.texts, options.copies)
    start = time.perf_counter()
    table = measure(planted)
    print(f"{len(planted.rows):,} rows checked in {time.perf_counter() - start:.1f} s")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"))
    data = Path(os.environ.get("STUDIO_TEST_DATA", "../shared/data"))
    for name, columns in REAL.items():
        if (data / name).is_file():
            print(f"{name}: {agreement(read_column(data / name, columns))}")


def read_column(path: Path, column: str) -> pd.Series:
    """The texts of one file."""
    return read_table(path).frame[column]


def agreement(texts: pd.Series, threshold: float = THRESHOLD) -> dict[str, float]:
    """How the rows found to have nearly the same text as another agree with comparing every pair."""
    found = find_near_duplicates(texts, threshold).groups >= 0
    true = near_rows(texts, threshold)
    both = int((found & true).sum())
    return {
        "rows": len(texts),
        "with a near duplicate": int(true.sum()),
        "found": int(found.sum()),
        "precision": both / max(1, int(found.sum())),
        "recall": both / max(1, int(true.sum())),
    }


if __name__ == "__main__":
    main()
