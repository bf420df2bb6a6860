"""Where the embeddings start: what the corpus's co-occurrence counts say of each piece.

Counting reads the whole corpus in seconds; a short training run would see a part of it, once, and would spend most of
its tokens on learning the same from gradients. Levy & Goldberg (2014): factorising the positive pointwise mutual
information is what word2vec does. One column is the log frequency, which the tied output layer needs and has no bias for.
"""

from pathlib import Path

import numpy as np
import torch

from span_corruption import lengths_for
from vocabulary import EOS_ID, FIRST_SENTINEL_ID, NUM_PIECES, VOCAB_SIZE

WINDOW = 5
CHUNK = 16_000_000
CONTEXT_SMOOTHING = 0.75
LOG_FREQUENCY_SCALE = 4.0


def count_pairs(tokens: np.ndarray) -> np.ndarray:
    """[pieces, pieces] symmetric counts of pieces near each other, the nearer the more: weight 1/distance."""
    counts = np.zeros(NUM_PIECES * NUM_PIECES, dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        for start in range(0, len(tokens) - distance, CHUNK):
            left = tokens[start : min(start + CHUNK, len(tokens) - distance)].astype(np.int32)
            right = tokens[start + distance : start + distance + len(left)]
            counts += np.bincount(left * NUM_PIECES + right, minlength=len(counts)).astype(np.float32) / distance
    square = counts.reshape(NUM_PIECES, NUM_PIECES)
    return square + square.T


def positive_mutual_information(counts: np.ndarray) -> np.ndarray:
    """log p(a, b) / (p(a) p(b)) where positive, else 0; contexts are smoothed, which tempers rare ones."""
    total = counts.sum(axis=1).clip(min=1e-6)
    context = total**CONTEXT_SMOOTHING
    expected = (total / total.sum())[:, None] * (context / context.sum()) * counts.sum()
    with np.errstate(divide="ignore"):
        return np.log(counts / expected, out=np.zeros_like(counts), where=counts > 0).clip(min=0)


def target_log_frequency(tokens: np.ndarray, window: int) -> torch.Tensor:
    """[vocabulary] log frequency in the targets of span corruption, standardised; sentinels and </s> have their share."""
    num_noise, num_spans, _ = lengths_for(window)
    pieces = np.bincount(tokens, minlength=VOCAB_SIZE).astype(np.float64)
    frequency = pieces / pieces.sum() * num_noise
    frequency[EOS_ID] = 1
    frequency[FIRST_SENTINEL_ID - np.arange(num_spans)] = 1
    log = torch.from_numpy(np.log(frequency + 1e-6)).float()
    return (log - log.mean()) / log.std()


def initial_embeddings(cache: Path, sources: dict[str, np.ndarray], window: int, d_model: int, seed: int) -> torch.Tensor:
    """[vocabulary, d_model] with unit variance in every row, as T5's start has; kept in the file `cache`."""
    if cache.exists():
        return torch.load(cache, weights_only=True)
    torch.manual_seed(seed)
    tokens = np.concatenate(list(sources.values()))
    information = torch.from_numpy(positive_mutual_information(count_pairs(tokens)))
    left, scale, _ = torch.svd_lowrank(information, q=d_model + 32, niter=3)
    vectors = (left * scale.sqrt())[:, : d_model - 1]
    vectors = vectors - vectors.mean(0)
    vectors = vectors / vectors.square().mean(1, keepdim=True).sqrt().clamp(min=1e-6)
    embeddings = torch.randn(VOCAB_SIZE, d_model)
    seen = torch.from_numpy(np.bincount(tokens, minlength=NUM_PIECES) > 0).nonzero().squeeze(1)
    embeddings[seen, 1:] = vectors[seen]
    embeddings[:, 0] = target_log_frequency(tokens, window) * LOG_FREQUENCY_SCALE
    torch.save(embeddings, cache)
    return embeddings
