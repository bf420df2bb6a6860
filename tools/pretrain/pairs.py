"""Pairs of sentences with the teacher's similarity as the answer: labels without a labeller.

Neighbours among many sentences share a subject; a sentence and an altered one share nearly every word, and differ all the
same. Answers are written as STS-B's: 0.0 (unrelated) to 5.0 (the same).
"""

from pathlib import Path

import numpy as np
import torch

from alterations import MEANING, alter
from batches import ALTERED, PAIRS
from machine import to_device
from mixture import Kind, Row
from sentences import keep_sentences
from teacher import Teaching

NEIGHBOURS = 32
UNRELATED_SHARE = 0.2
CHUNK = 1024


def similarity_row(first: str, second: str, cosine: float) -> Row:
    """The answer is five times the cosine, to the next fifth."""
    return Row(f"similarity sentence1: {first} sentence2: {second}", f"{round(25 * min(max(cosine, 0.0), 1.0)) / 5:.1f}")


def _rows(first: list[str], second: list[str], vectors: np.ndarray, others: np.ndarray) -> list[Row]:
    cosines = (vectors.astype(np.float32) * others.astype(np.float32)).sum(1)
    return [similarity_row(a, b, float(cosine)) for a, b, cosine in zip(first, second, cosines, strict=True)]


def neighbours(sentences: list[str], vectors: np.ndarray, count: int, seed: int, device: torch.device) -> Kind:
    """`count` rows: each of as many sentences with a near one (near ranks as likely as far, in octaves) or any other one."""
    rng = np.random.default_rng([seed, PAIRS])
    chosen = rng.permutation(len(sentences))[:count]
    pool = to_device(vectors[chosen], device).bfloat16()
    partners = np.empty(len(chosen), dtype=np.int64)
    for start in range(0, len(chosen), CHUNK):
        near = (pool[start : start + CHUNK] @ pool.T).topk(min(NEIGHBOURS + 1, len(chosen)), dim=1).indices.cpu().numpy()
        # Rank 0 is the sentence itself.
        ranks = np.floor((near.shape[1] - 1) ** rng.random(len(near))).astype(np.int64)
        partners[start : start + CHUNK] = near[np.arange(len(near)), ranks]
    unrelated = rng.random(len(chosen)) < UNRELATED_SHARE
    partners[unrelated] = rng.integers(0, len(chosen), unrelated.sum())
    second = chosen[partners]
    texts = ([sentences[item] for item in items] for items in (chosen, second))
    return Kind("neighbours", _rows(*texts, vectors[chosen], vectors[second]), graded=True)


def altered(sentences: list[str], vectors: np.ndarray, count: int, seed: int, teaching: Teaching) -> Kind:
    """`count` rows at most: a sentence and itself after one to five edits, in either order."""
    rng = np.random.default_rng([seed, ALTERED])
    # In the order of the file, so of the length: the teacher pads little.
    chosen, others = np.sort(rng.permutation(len(sentences))[:count]), rng.integers(0, len(sentences), count)
    made = [
        (item, text)
        for item, other in zip(chosen, others, strict=False)
        if (text := alter(sentences[item], sentences[other], MEANING, int(rng.integers(1, 6)), rng)) is not None
    ]
    items, texts = np.array([item for item, _ in made]), [text for _, text in made]
    their_vectors = teaching.vectors(keep_sentences(texts, teaching.cache))
    originals = [sentences[item] for item in items]
    swaps = rng.random(len(made)) < 0.5
    sides = [(text, original) if swap else (original, text) for original, text, swap in zip(originals, texts, swaps, strict=True)]
    first, second = (list(side) for side in zip(*sides, strict=True))
    rows = _rows(first, second, vectors[items], their_vectors)
    return Kind("altered", [rows[index] for index in rng.permutation(len(rows))], graded=True)


def written_pairs(pairs: list[tuple[str, str]], repeats: int, teaching: Teaching) -> Kind:
    """Pairs that people wrote as one another's paraphrase or consequence, or nearly so; their labels are not read."""
    texts = sorted({text for pair in pairs for text in pair}, key=lambda text: (len(text), text))
    vectors = teaching.vectors(keep_sentences(texts, teaching.cache))
    place = {text: index for index, text in enumerate(texts)}
    first, second = (list(side) for side in zip(*pairs, strict=True))
    sides = (vectors[[place[text] for text in side]] for side in (first, second))
    return Kind("written", _rows(first, second, *sides), repeats, graded=True)
