"""Entities found by looking them up: what was one in some texts is one in others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from studio.tasks.tagging.schemes import Span
from studio.tasks.tagging.words import align_entities, split_words

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Lookup:
    """The label of each run of words that was more often an entity than not, and the longest of these."""

    labels: dict[Phrase, str]
    longest: int

    @classmethod
    def of(cls, texts: Sequence[str], entities: Sequence[Sequence[Span]]) -> Lookup:
        """What was an entity in these texts, of which each has its own in characters.

        >>> Lookup.of(["Anna left", "Anna came"], [[Span(0, 4, "PER")], [Span(0, 4, "PER")]]).labels
        {('Anna',): 'PER'}
        """
        split = [words_of(text) for text in texts]
        counts: dict[Phrase, Counter[str]] = defaultdict(Counter)
        for text, words, own in zip(texts, split, entities, strict=True):
            for start, end, label in align_entities(own, split_words(text), len(text))[0]:
                counts[tuple(words[start:end])][label] += 1
        longest = max(map(len, counts), default=0)
        seen: Counter[Phrase] = Counter()
        for words in split:
            seen.update(phrase for _, phrase in phrases_in(words, longest) if phrase in counts)
        best = {phrase: found.most_common(1)[0] for phrase, found in counts.items()}
        return cls(
            {phrase: label for phrase, (label, count) in best.items() if 2 * count > seen[phrase]}, longest
        )

    def find(self, text: str) -> list[Span]:
        """The entities of a text in characters, from left to right, of those at one place the longest.

        >>> Lookup({("New", "York"): "LOC", ("York",): "LOC"}, 2).find("in New York")
        [Span(start=3, end=11, label='LOC')]
        """
        places, words = split_words(text), words_of(text)
        found: list[Span] = []
        after = 0
        for start, phrase in phrases_in(words, self.longest):
            if start >= after and phrase in self.labels:
                after = start + len(phrase)
                found.append(Span(places[start][0], places[after - 1][1], self.labels[phrase]))
        return found


def words_of(text: str) -> list[str]:
    """The words of a text."""
    return [text[start:end] for start, end in split_words(text)]


def phrases_in(words: Sequence[str], longest: int) -> list[tuple[int, Phrase]]:
    """Every run of up to so many words with the place of its first, the longest at each place first.

    >>> phrases_in(["a", "b"], 2)
    [(0, ('a', 'b')), (0, ('a',)), (1, ('b',))]
    """
    return [
        (start, tuple(words[start : start + length]))
        for start in range(len(words))
        for length in range(min(longest, len(words) - start), 0, -1)
    ]
