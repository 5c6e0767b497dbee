"""How much a text resembles the seed documents, and in which words.

TF-IDF cosine over two kinds of features: the entities of the rulebook, which are the same in every
language, and, where a seed shares the language's letters, its words. So a Korean report can be near
an English seed, and a language without seeds loses nothing. The shared features with the largest
products are the explanation. Sublinear term frequency and smoothed inverse document frequency,
normalised, as in Salton & Buckley (1988) and scikit-learn's TfidfVectorizer. The paragraphs of the
seeds are the documents that frequencies are counted in: five documents would be too few.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from monitor.core.folding import fold
from monitor.core.rules import Seed
from monitor.core.terms import Lexicon
from monitor.core.values import Nearest

_WORD = re.compile(r"[a-zа-я]{4,}")
_PARAGRAPH = re.compile(r"\n\s*\n|\n")
_ENTITY_WEIGHT = 2.0  # an entity is a curated feature; a word is only a word
_SHARED = 6
Vector = Mapping[str, float]


class Likeness:
    """The seeds as vectors. Queries cost one pass over the words of the text."""

    def __init__(self, seeds: Sequence[Seed], lexicon: Lexicon) -> None:
        """Count features in the seeds' paragraphs and keep a vector for each seed."""
        parts = []
        counts: dict[str, Counter[str]] = {}
        for seed in seeds:
            total: Counter[str] = Counter()
            for paragraph in _PARAGRAPH.split(f"{seed.title}\n{seed.text}"):
                if paragraph.strip():
                    plain = fold(paragraph)
                    found = features(
                        plain.text, [hit.entity for hit in lexicon.hits(paragraph, plain)]
                    )
                    parts.append(set(found))
                    total.update(found)
            counts[seed.id] = total
        frequency = Counter(feature for part in parts for feature in part)
        self._rarity = {
            feature: math.log((1 + len(parts)) / (1 + count)) + 1
            for feature, count in frequency.items()
        }
        self._seeds = {seed: self._vector(total) for seed, total in counts.items()}

    def nearest(self, found: Mapping[str, int], *, limit: int = 3) -> tuple[Nearest, ...]:
        """Return the most similar seeds, best first, each with the features that made it so."""
        vector = self._vector(found)
        ranked = []
        for seed, other in self._seeds.items():
            products = {
                name: value * other[name] for name, value in vector.items() if name in other
            }
            similarity = sum(products.values())
            if similarity > 0:
                best = sorted(products, key=lambda name: (-products[name], name))[:_SHARED]
                ranked.append(
                    Nearest(
                        seed=seed, similarity=round(min(similarity, 1.0), 4), shared=tuple(best)
                    )
                )
        ranked.sort(key=lambda near: (-near.similarity, near.seed))
        return tuple(ranked[:limit])

    def _vector(self, found: Mapping[str, int]) -> Vector:
        """Return weights of unit length over the features that the seeds know."""
        weights = {
            name: (1 + math.log(count))
            * self._rarity[name]
            * (_ENTITY_WEIGHT if name.startswith("@") else 1.0)
            for name, count in found.items()
            if name in self._rarity
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {name: weight / length for name, weight in weights.items()}


def features(folded_text: str, entities: Sequence[str]) -> Counter[str]:
    """Return how often each word and each entity (written `@entity`) occurs."""
    found = Counter(_WORD.findall(folded_text))
    found.update(f"@{entity}" for entity in entities)
    return found
