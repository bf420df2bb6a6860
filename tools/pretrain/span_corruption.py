"""T5's span corruption: spans of the text are replaced by sentinels in the input and are the target."""

import numpy as np

from vocabulary import EOS_ID, FIRST_SENTINEL_ID

NOISE_DENSITY = 0.15
MEAN_SPAN_LENGTH = 3.0


def lengths_for(window: int) -> tuple[int, int, int]:
    """(noise tokens, spans, input length) for a window of text, as T5 rounds them; </s> is counted."""
    num_noise = min(max(round(window * NOISE_DENSITY), 1), window - 1)
    num_spans = max(round(num_noise / MEAN_SPAN_LENGTH), 1)
    return num_noise, num_spans, window - num_noise + num_spans + 1


def window_for(input_length: int) -> int:
    """The longest window of text whose corrupted form fits: 141 tokens for 128, 568 for 512."""
    window = input_length
    while lengths_for(window + 1)[2] <= input_length:
        window += 1
    return window


def _segment_lengths(total: int, segments: int, batch: int, rng: np.random.Generator) -> np.ndarray:
    """[batch, segments] positive lengths that sum to `total`, each composition equally likely."""
    cuts = np.sort(rng.random((batch, total - 1)).argsort(axis=1)[:, : segments - 1], axis=1) + 1
    edges = np.pad(cuts, ((0, 0), (1, 1)), constant_values=((0, 0), (0, total)))
    return np.diff(edges, axis=1)


def corrupt(windows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Windows [batch, length] → inputs [batch, source], targets [batch, target]; every row is full, none is padded."""
    batch, length = windows.shape
    num_noise, num_spans, _ = lengths_for(length)
    kept = _segment_lengths(length - num_noise, num_spans, batch, rng)
    noise = _segment_lengths(num_noise, num_spans, batch, rng)
    # Text and noise alternate and the text comes first; `segment` counts 0 text, 1 noise, 2 text, …
    starts = np.stack((kept, noise), axis=2).reshape(batch, -1).cumsum(axis=1)[:, :-1]
    changes = np.zeros((batch, length), dtype=np.int64)
    np.put_along_axis(changes, starts, 1, axis=1)
    segment = changes.cumsum(axis=1)
    is_noise = segment % 2 == 1
    is_first = np.diff(segment, axis=1, prepend=0) == 1
    sentinel = FIRST_SENTINEL_ID - segment // 2
    tokens = windows.astype(np.int64)
    end = np.full((batch, 1), EOS_ID)

    with_sentinels = np.where(is_noise, sentinel, tokens)
    inputs = with_sentinels[~is_noise | is_first].reshape(batch, -1)

    # Each noise token, and before the first of a span its sentinel: two columns a token, then the used ones.
    pairs = np.stack((sentinel, tokens), axis=2)
    used = np.stack((is_noise & is_first, is_noise), axis=2)
    targets = pairs[used].reshape(batch, -1)
    return np.concatenate((inputs, end), axis=1), np.concatenate((targets, end), axis=1)
