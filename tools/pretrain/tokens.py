"""The corpus as token ids, tokenised once and kept in a file."""

import hashlib
import json
from pathlib import Path

import numpy as np
import sentencepiece

from corpus import Source, read_lines

HELD_OUT_FRACTION = 0.005
LINES_PER_CALL = 4096


def _encode(source: Source, processor: sentencepiece.SentencePieceProcessor) -> np.ndarray:
    parts, lines = [], []

    def flush() -> None:
        encoded = processor.encode(lines, num_threads=2)
        parts.append(np.fromiter((token for ids in encoded for token in ids), dtype=np.uint16))
        lines.clear()

    for line in read_lines(source):
        lines.append(line)
        if len(lines) == LINES_PER_CALL:
            flush()
    flush()
    return np.concatenate(parts)


def tokenise(sources: list[Source], spiece_model: Path, cache: Path) -> dict[str, np.ndarray]:
    """Token ids of each source, end to end, as memory-mapped uint16; made again when the vocabulary changed."""
    cache.mkdir(parents=True, exist_ok=True)
    fingerprint = hashlib.sha256(spiece_model.read_bytes()).hexdigest()
    stamp = cache / "vocabulary.json"
    if not stamp.exists() or json.loads(stamp.read_text())["sha256"] != fingerprint:
        for old in cache.glob("*.npy"):
            old.unlink()
        stamp.write_text(json.dumps({"sha256": fingerprint}))
    processor = sentencepiece.SentencePieceProcessor(model_file=str(spiece_model))
    for source in sources:
        if not (cache / f"{source.name}.npy").exists():
            unfinished = cache / f"{source.name}.partial"
            with open(unfinished, "wb") as file:
                np.save(file, _encode(source, processor))
            unfinished.rename(cache / f"{source.name}.npy")
    return {source.name: np.load(cache / f"{source.name}.npy", mmap_mode="r") for source in sources}


def split_into_windows(tokens: dict[str, np.ndarray], length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Consecutive windows of `length` tokens, none across two sources: (training, held out), each [windows, length].

    The order is shuffled once; the first windows of that order are held out, so the slice is the same in every run.
    """
    windows = [ids[: len(ids) // length * length].reshape(-1, length) for ids in tokens.values()]
    stacked = np.concatenate(windows)
    order = np.random.default_rng(seed).permutation(len(stacked))
    num_held_out = round(len(stacked) * HELD_OUT_FRACTION)
    return stacked[order[num_held_out:]], stacked[order[:num_held_out]]
