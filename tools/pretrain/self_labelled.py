"""Questions that text answers by itself: is this English, and which of two sentences comes first?"""

import random

import numpy as np

from alterations import GRAMMAR, alter
from batches import ACCEPTABLE, SENTENCE_ORDER
from corpus import Source, read_lines
from mixture import Kind, Row
from sentences import quotas
from vocabulary import split_into_sentences

SHORTEST_CHARACTERS, LONGEST_CHARACTERS = 30, 160


def acceptable(sentences: list[str], count: int, seed: int) -> Kind:
    """`count` rows: half a sentence as it was written ("1"), half after a slip or two ("0"), as a discriminator learns it
    (ELECTRA: Clark et al. 2020), but of sentences and with slips of grammar."""
    rng = np.random.default_rng([seed, ACCEPTABLE])
    rows = []
    for item in rng.permutation(len(sentences))[:count]:
        sentence, label = " ".join(sentences[item].split()), "1"
        if rng.random() < 0.5:
            other = sentences[int(rng.integers(len(sentences)))]
            slip = alter(sentence, other, GRAMMAR, int(rng.integers(1, 3)), rng)
            sentence, label = (sentence, "1") if slip is None else (slip, "0")
        rows.append(Row(f"acceptable sentence: {sentence}", label))
    return Kind("acceptable", rows)


def _following(source: Source, quota: int, seed: int) -> list[tuple[str, str]]:
    """At most `quota` pairs of sentences that follow each other in a line of the source."""
    found = []
    for line in read_lines(source):
        parts = split_into_sentences(line)
        fits = [SHORTEST_CHARACTERS <= len(part) <= LONGEST_CHARACTERS for part in parts]
        found += [(parts[i], parts[i + 1]) for i in range(0, len(parts) - 1, 2) if fits[i] and fits[i + 1]]
    random.Random(f"{seed}/{source.name}").shuffle(found)
    return found[:quota]


def sentence_order(sources: list[Source], count: int, seed: int) -> Kind:
    """`count` rows at most: does the second sentence follow the first ("2"), come before it ("1") or have nothing to do
    with it ("0")? Three answers, as StructBERT's (Wang et al. 2020)."""
    rng = np.random.default_rng([seed, SENTENCE_ORDER])
    shares = quotas(sources, count)
    rows = []
    for source in sources:
        pairs = _following(source, shares[source.name], seed)
        for first, second in pairs:
            kind = int(rng.integers(3))
            other = pairs[int(rng.integers(len(pairs)))][1]
            a, b = ((first, other), (second, first), (first, second))[kind]
            rows.append(Row(f"order sentence1: {a} sentence2: {b}", str(kind)))
    return Kind("order", [rows[index] for index in rng.permutation(len(rows))])
