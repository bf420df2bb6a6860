"""Small changes to a sentence, word by word: what makes it mean something else, and what makes it bad English."""

from collections.abc import Callable, Sequence

import numpy as np

Words = list[str]
# Words that carry grammar rather than meaning; one for another is mostly a mistake.
FUNCTION_WORDS = (
    "a", "an", "the", "of", "to", "in", "on", "at", "for", "with", "by", "from", "and", "but", "or", "that", "which",
    "who", "is", "are", "was", "were", "be", "been", "has", "have", "had", "do", "does", "did", "he", "him", "his",
    "she", "her", "they", "them", "their", "it", "its", "this", "these", "not", "no", "any", "some",
)  # fmt: skip


def drop(words: Words, rng: np.random.Generator, _: Words) -> Words:
    first = int(rng.integers(len(words)))
    return words[:first] + words[first + int(rng.integers(1, 4)) :]


def replace(words: Words, rng: np.random.Generator, other: Words) -> Words:
    place = int(rng.integers(len(words)))
    return [*words[:place], other[int(rng.integers(len(other)))], *words[place + 1 :]]


def insert(words: Words, rng: np.random.Generator, other: Words) -> Words:
    place, first = int(rng.integers(len(words) + 1)), int(rng.integers(len(other)))
    return words[:place] + other[first : first + int(rng.integers(1, 4))] + words[place:]


def move(words: Words, rng: np.random.Generator, _: Words) -> Words:
    first, place = int(rng.integers(len(words))), int(rng.integers(len(words)))
    last = first + int(rng.integers(1, 4))
    rest = words[:first] + words[last:]
    return rest[:place] + words[first:last] + rest[place:]


def graft(words: Words, _: np.random.Generator, other: Words) -> Words:
    """The first half of one sentence and the second half of another."""
    return words[: (len(words) + 1) // 2] + other[len(other) // 2 :]


def drop_word(words: Words, rng: np.random.Generator, _: Words) -> Words:
    place = int(rng.integers(len(words)))
    return words[:place] + words[place + 1 :]


def swap_neighbours(words: Words, rng: np.random.Generator, _: Words) -> Words:
    place = int(rng.integers(len(words) - 1))
    return [*words[:place], words[place + 1], words[place], *words[place + 2 :]]


def exchange_function_word(words: Words, rng: np.random.Generator, _: Words) -> Words:
    places = [place for place, word in enumerate(words) if word in FUNCTION_WORDS]
    if not places:
        return words
    place = places[int(rng.integers(len(places)))]
    return [*words[:place], FUNCTION_WORDS[int(rng.integers(len(FUNCTION_WORDS)))], *words[place + 1 :]]


def inflect(words: Words, rng: np.random.Generator, _: Words) -> Words:
    """A word with an ending more or less: verbs and nouns that no longer agree."""
    places = [place for place, word in enumerate(words) if word.isalpha() and word.islower() and len(word) > 3]
    if not places:
        return words
    place = places[int(rng.integers(len(places)))]
    word, endings = words[place], ("s", "ed", "ing")
    ending = next((ending for ending in endings if word.endswith(ending)), "")
    stem = word.removesuffix(ending)
    changed = stem + [other for other in ("", *endings) if other != ending][int(rng.integers(3))]
    return [*words[:place], changed, *words[place + 1 :]]


Edit = Callable[[Words, np.random.Generator, Words], Words]
MEANING: Sequence[Edit] = (drop, replace, insert, move, graft)
GRAMMAR: Sequence[Edit] = (drop_word, swap_neighbours, replace, exchange_function_word, inflect)


def alter(sentence: str, other: str, edits: Sequence[Edit], count: int, rng: np.random.Generator) -> str | None:
    """`count` of `edits` in a row, words taken from `other`; None where nothing came of it or nothing is left."""
    words = sentence.split()
    for _ in range(count):
        if len(words) < 2:
            return None
        words = edits[int(rng.integers(len(edits)))](words, rng, other.split())
    altered = " ".join(words)
    return altered if altered and altered != " ".join(sentence.split()) else None
