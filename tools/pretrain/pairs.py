"""Pairs of sentences with the teacher's similarity as the answer: labels without a labeller."""

import numpy as np
import torch

from batches import PAIRS
from mixture import Row

NEIGHBOURS = 32
UNRELATED_SHARE = 0.2
CHUNK = 1024


def similarity_row(first: str, second: str, cosine: float) -> Row:
    """The answer is the cosine in fifths, from 0 (unrelated) to 5 (the same)."""
    return Row(f"similarity sentence1: {first} sentence2: {second}", str(round(5 * min(max(cosine, 0.0), 1.0))))


def similarity_pairs(sentences: list[str], vectors: np.ndarray, count: int, seed: int) -> list[Row]:
    """`count` rows: each of as many sentences with a near one (near ranks as likely as far, in octaves) or any other one."""
    rng = np.random.default_rng([seed, PAIRS])
    chosen = rng.permutation(len(sentences))[:count]
    pool = torch.from_numpy(vectors[chosen]).bfloat16()
    partners = np.empty(len(chosen), dtype=np.int64)
    for start in range(0, len(chosen), CHUNK):
        near = (pool[start : start + CHUNK] @ pool.T).topk(min(NEIGHBOURS + 1, len(chosen)), dim=1).indices.numpy()
        # Rank 0 is the sentence itself.
        ranks = np.floor((near.shape[1] - 1) ** rng.random(len(near))).astype(np.int64)
        partners[start : start + CHUNK] = near[np.arange(len(near)), ranks]
    unrelated = rng.random(len(chosen)) < UNRELATED_SHARE
    partners[unrelated] = rng.integers(0, len(chosen), unrelated.sum())
    rows = []
    for item, partner in enumerate(partners):
        a, b = chosen[item], chosen[partner]
        cosine = float(vectors[a].astype(np.float32) @ vectors[b].astype(np.float32))
        rows.append(similarity_row(sentences[a], sentences[b], cosine))
    return rows
