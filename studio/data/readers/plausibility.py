"""How many bits a text costs under a plain model of what people write: the right decoding is the cheapest.

Each candidate encoding has a table of costs per character: few bits for what is everyday in its languages,
many for what is rare, most for what no text holds. The levels of GB 2312, Big5, JIS X 0208 and KS X 1001 say
which characters are everyday; they are taken from Python's codecs. A sample decoded wrongly turns into rare
characters in odd neighbourhoods, so it costs more (minimum description length).
"""

from __future__ import annotations

from functools import cache

import numpy as np

Costs = dict[str, float]
BROKEN = 24.0
STRANGE = 18.0
CONTROL = 20.0
# The most usual of each script: general knowledge, and enough to tell two codes of one plane apart.
SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现"
    "当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最"
    "重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义"
    "各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科"
    "酒店房间服务满意差评质量价格便宜推荐客服快递收到东西喜欢失望电影故事演员吃饭味道手机屏幕电池"
)
TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現"
    "當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最"
    "重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義"
    "各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科"
    "飯店房間服務滿意差評品質價格便宜推薦客服快遞收到東西喜歡失望電影故事演員吃味道手機螢幕電池"
)
KANJI = (
    "日一人年大本中出時分行見月前生間上事自者会国今的子気後手言思話何回来入力方高合長場部同物最小新下体作目動現社三学家代度内全実意感性名対"
    "私注文商品店画面電話予約返金届早遅使良悪買用説明問題配送料"
)
SYLLABLES = (
    "이다는을의에가고하도지한은로기사있를인어나리해니자아서시그정대수만요스보일라거제들주부전구상장게여마오했으면비우조무것신습세소성러와안교공과동"
    "원치까음없각저위내모유미생선바님드너때배점중진더야않된되었겠입좋같말네데아니"
)
RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
GREEK = "αοιετσνηυρπκμλςωδγχθφβξζψάέήίόύώϊϋ"
# Letters of each single-byte alphabet, the everyday ones and those that other languages of it add.
LATIN = {
    "cp1252": ("éèêëàâçùûîïôöüäßñóíáúåøæãõœìò", "ýÿðþšž"),
    "cp1250": ("ąęłśżźćńóáéíýěščřžůúďťňőűöüäß", "ľĺŕôđçëăâîşţ"),
    "iso8859_2": ("ąęłśżźćńóáéíýěščřžůúďťňőűöüäß", "ľĺŕôđçëăâîşţ"),
    "cp1254": ("ğışçöüâîİ", "éèêàûôäßñóíáúåøæ"),
}
USUAL_MARKS = "’‘“”„–—…\u00a0"
MARKS = "•€£§°«»¿¡®™©´·²³ºª½"


def fill(table: np.ndarray, characters: str, cost: float) -> None:
    """Set what these characters cost."""
    codes = np.frombuffer(characters.encode("utf-16-le", "replace"), dtype=np.uint16)
    table[codes] = cost


def plane(codec: str, leads: range, trails: range = range(0xA1, 0xFF)) -> str:
    """The characters of a block of a double-byte code."""
    units = b"".join(bytes((lead, trail)) for lead in leads for trail in trails)
    return units.decode(codec, "ignore")


def base_table() -> np.ndarray:
    """Costs in bits by UTF-16 unit before any script is favoured, float32 of shape (65536,)."""
    table = np.full(65_536, STRANGE, dtype=np.float32)
    table[0x00:0x20] = CONTROL
    table[0x20:0x7F] = 6.0
    table[ord("a") : ord("z") + 1] = 4.3
    fill(table, " \t\r\n", 4.3)
    table[0x7F:0xA0] = 22.0
    table[0xA0:0x100] = 14.0
    table[0xD800:0xE000] = 10.0  # halves of characters beyond the first plane: emoji, mostly
    table[0xE000:0xF900] = BROKEN
    fill(table, USUAL_MARKS, 7.5)
    fill(table, MARKS, 9.5)
    table[0xFFFD] = BROKEN
    return table


def east_asian_marks(table: np.ndarray) -> None:
    """Punctuation and full-width characters that Chinese, Japanese and Korean share."""
    table[0x3000:0x3030] = 9.0
    table[0xFF01:0xFF5F] = 9.0
    fill(table, "，。、！？：；（）「」『』《》【】“”…—～", 6.0)


@cache
def table_of(encoding: str) -> np.ndarray:
    """What each UTF-16 unit costs in a text that is in this encoding."""
    table = base_table()
    if encoding in FILLERS:
        east_asian_marks(table)
        FILLERS[encoding](table)
    elif encoding in ("cp1251", "koi8_r"):
        fill_alphabet(table, RUSSIAN, 4.0, 0.14)
        fill(table, "№іїєґў", 10.0)
    elif encoding == "cp1253":
        fill_alphabet(table, GREEK, 4.0, 0.14)
    elif encoding in LATIN:
        usual, others = LATIN[encoding]
        fill(table, capitals(others) + others, 10.5)
        fill(table, capitals(usual), 9.0)
        fill(table, usual, 6.0)
    else:
        fill_any_script(table)
    return table


def capitals(letters: str) -> str:
    """Their capitals beyond ASCII: that of sharp s, for one, is two plain letters."""
    return "".join(letter for letter in letters.upper() if not letter.isascii())


def fill_alphabet(table: np.ndarray, letters: str, first: float, step: float) -> None:
    """Letters from the most usual on, each a little dearer; capitals cost two bits more."""
    for rank, letter in enumerate(letters):
        fill(table, letter, first + step * rank)
        fill(table, letter.upper(), first + step * rank + 2.0)


def fill_gb18030(table: np.ndarray) -> None:
    """Simplified Chinese: the 3,755 characters of GB 2312 level 1, then level 2."""
    fill(table, plane("gb2312", range(0xD8, 0xF8)), 17.0)
    fill(table, plane("gb2312", range(0xB0, 0xD8)), 12.4)
    fill(table, SIMPLIFIED, 8.0)


def fill_big5(table: np.ndarray) -> None:
    """Traditional Chinese: the 5,401 characters of Big5 level 1, then level 2."""
    trails = range(0x40, 0xFF)
    fill(table, plane("big5", range(0xC9, 0xFA), trails), 18.0)
    fill(table, plane("big5", range(0xA4, 0xC7), trails), 12.9)
    fill(table, TRADITIONAL, 8.0)


def fill_japanese(table: np.ndarray) -> None:
    """Japanese: kana before kanji, level 1 of JIS X 0208 before level 2."""
    fill(table, plane("euc_jp", range(0xD0, 0xF5)), 17.5)
    fill(table, plane("euc_jp", range(0xB0, 0xD0)), 12.0)
    fill(table, KANJI, 8.5)
    table[0xFF61:0xFFA0] = 13.0
    table[0x30A1:0x30FB] = 7.5
    table[0x3041:0x3094] = 5.5
    fill(table, "ー・", 7.0)


def fill_korean(table: np.ndarray) -> None:
    """Korean: the 2,350 syllables of KS X 1001; Chinese characters are rare in it."""
    table[0xAC00:0xD7A4] = 17.0
    fill(table, plane("euc_kr", range(0xCA, 0xFE)), 19.0)
    fill(table, plane("euc_kr", range(0xB0, 0xC9)), 11.3)
    fill(table, SYLLABLES, 7.0)


def fill_any_script(table: np.ndarray) -> None:
    """Unicode encodings: a letter of any living script, less sure than where one script is expected."""
    table[0xC0:0x250] = 8.0
    table[0x370:0x1200] = 7.0
    table[0x3000:0x3100] = 8.0
    table[0x4E00:0xA000] = 12.5
    table[0xAC00:0xD7A4] = 12.0
    table[0xFF01:0xFF5F] = 10.0


FILLERS = {
    "gb18030": fill_gb18030,
    "big5": fill_big5,
    "cp932": fill_japanese,
    "euc_jp": fill_japanese,
    "cp949": fill_korean,
}


def bits_of(text: str, encoding: str) -> float:
    """Bits that a decoded text costs, were it in this encoding.

    >>> good, bad = "酒店很好".encode("gb18030"), "naïve café".encode("cp1252")
    >>> bits_of(good.decode("gb18030"), "gb18030") < bits_of(good.decode("cp1252", "replace"), "cp1252")
    True
    >>> bits_of(bad.decode("cp1252"), "cp1252") < bits_of(bad.decode("gb18030", "replace"), "gb18030")
    True
    """
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
    return float(table_of(encoding)[codes].sum()) + odd_neighbours(codes)


SMALL, CAPITAL, SIGN, DIGIT, OTHER_SCRIPT, IDEOGRAPH = range(1, 7)


@cache
def kinds() -> np.ndarray:
    """What each code is: a small letter, a capital, a sign beyond ASCII, ..., or 0 for the rest."""
    found = np.zeros(65_536, dtype=np.uint8)
    for code in range(48, 0x590):
        character = chr(code)
        if character.islower():
            found[code] = OTHER_SCRIPT if code >= 0x370 else SMALL
        elif character.isupper():
            found[code] = OTHER_SCRIPT if code >= 0x370 else CAPITAL
        elif code > 127:
            found[code] = SIGN
    found[48:58] = DIGIT
    found[0x3041:0xFF00] = IDEOGRAPH
    found[0xD800:0xF900] = 0
    return found


def odd_neighbours(codes: np.ndarray) -> float:
    """Bits for what writing seldom does.

    A capital after a small letter or a sign inside a word, both beyond ASCII; accents in a row; letters of
    two alphabets in one word; one ideograph inside a Latin word, one letter of another alphabet at a number.
    A sign at a number (as in 5 € and 20°) is usual instead.
    """
    codes = np.concatenate([[10], codes, [10]])
    kind = kinds()[codes]
    before, middle, after = kind[:-2], kind[1:-1], kind[2:]
    letters = (kind == SMALL) | (kind == CAPITAL)
    beyond = (codes > 127) & (letters | (kind == SIGN))
    rising = (kind[:-1] == SMALL) & (kind[1:] == CAPITAL) & (beyond[:-1] | beyond[1:])
    inside = (before == SMALL) & (middle == SIGN) & (after == SMALL)
    mixed = (letters[:-1] & (kind[1:] == OTHER_SCRIPT)) | (letters[1:] & (kind[:-1] == OTHER_SCRIPT))
    word = letters | (kind == DIGIT)
    alone = word[:-2] & (middle == IDEOGRAPH) & (after != IDEOGRAPH)
    other, digit = kind == OTHER_SCRIPT, kind == DIGIT
    counted = other[1:-1] & ~other[:-2] & ~other[2:] & (digit[:-2] | digit[2:])
    measured = (kind[1:-1] == SIGN) & (digit[:-2] | digit[2:])
    return float(
        8.0 * rising.sum()
        + 6.0 * inside.sum()
        + 5.0 * (beyond[:-1] & beyond[1:]).sum()
        + 12.0 * mixed.sum()
        + 7.0 * alone.sum()
        + 7.0 * counted.sum()
        - 2.5 * measured.sum()
    )
