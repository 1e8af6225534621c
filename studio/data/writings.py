"""In which scripts and languages a model's texts are written, and whether another text is in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from studio.data.checks.scripts import LATIN, UNKNOWN, find_languages, find_scripts, share_of_each

# Of texts in Latin letters the language must be clear in so many before anything is said of languages.
FEWEST_CLEAR, SHARE_OF_CLEAR = 20, 1 / 3
HARDLY_ANY = 0.01


@dataclass(frozen=True)
class Strange:
    """The script or language of a text, and the share that it has of the texts a model learnt from."""

    name: str
    share: float


@dataclass(frozen=True)
class Writings:
    """The share of each script among texts, and of each language among those in which it is clear."""

    scripts: Mapping[str, float]
    languages: Mapping[str, float]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Writings:
        """Count them.

        >>> found = Writings.of(["where is my order", "退款", "12"])
        >>> dict(found.scripts), dict(found.languages)
        ({'Latin': 0.5, 'Chinese': 0.5}, {})
        """
        cells = pd.Series(list(texts), dtype="str")
        scripts = find_scripts(cells)
        languages = find_languages(cells[scripts == LATIN])
        clear = int((languages != UNKNOWN).sum())
        told = clear >= max(FEWEST_CLEAR, SHARE_OF_CLEAR * len(languages))
        return cls(share_of_each(scripts).to_dict(), share_of_each(languages).to_dict() if told else {})

    def find_strange(self, text: str) -> Strange | None:
        """What a text is written in where hardly any of the texts are; None where that is not clear.

        >>> english = Writings({"Latin": 1.0}, {"English": 0.995, "German": 0.005})
        >>> english.find_strange("我要退款")
        Strange(name='Chinese', share=0.0)
        >>> english.find_strange("ich habe das nicht und will es auch nicht")
        Strange(name='German', share=0.005)
        >>> english.find_strange("where is it"), english.find_strange("42")
        (None, None)
        """
        cells = pd.Series([text], dtype="str")
        for shares, name in (
            (self.scripts, find_scripts(cells)[0]),
            (self.languages, find_languages(cells)[0]),
        ):
            if shares and name != UNKNOWN and shares.get(name, 0.0) < HARDLY_ANY:
                return Strange(str(name), shares.get(name, 0.0))
        return None
