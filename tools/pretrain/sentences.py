"""Sentences of the corpus, for the teacher: a reproducible sample that no large source fills alone."""

import hashlib
import random
from pathlib import Path

import sentencepiece

from corpus import Source, read_lines
from vocabulary import split_into_sentences

SHORTEST, LONGEST = 8, 48
# Text of sentence-pair tasks is made of the sentences that encoders are asked about.
STYLE_WEIGHTS = {"nlu_sentences": 5.0}


def quotas(sources: list[Source], count: int) -> dict[str, int]:
    """Sentences of each source: by the square root of its size, so that small sources are heard."""
    weights = {source.name: source.bytes**0.5 * STYLE_WEIGHTS.get(source.style, 1.0) for source in sources}
    total = sum(weights.values())
    return {name: round(count * weight / total) for name, weight in weights.items()}


def _sample(source: Source, quota: int, processor: sentencepiece.SentencePieceProcessor, seed: int) -> list[tuple[int, str]]:
    """(tokens, sentence) of at most `quota` different sentences of fitting length."""
    candidates = list(dict.fromkeys(part for line in read_lines(source) for part in split_into_sentences(line)))
    random.Random(f"{seed}/{source.name}").shuffle(candidates)
    chosen: list[tuple[int, str]] = []
    for start in range(0, len(candidates), max(quota, 1)):
        some = candidates[start : start + quota]
        for ids, text in zip(processor.encode(some, num_threads=2), some, strict=True):
            if SHORTEST <= len(ids) <= LONGEST and len(chosen) < quota:
                chosen.append((len(ids), text))
        if len(chosen) == quota:
            break
    return chosen


def sample_sentences(sources: list[Source], spiece_model: Path, count: int, seed: int, cache: Path) -> Path:
    """A file of about `count` sentences, one a line, the short ones first; made once for a vocabulary, count and seed."""
    cache.mkdir(parents=True, exist_ok=True)
    vocabulary = hashlib.sha256(spiece_model.read_bytes()).hexdigest()
    finished = cache / f"sentences-{vocabulary[:12]}-{count}-{seed}.txt"
    if not finished.exists():
        processor = sentencepiece.SentencePieceProcessor(model_file=str(spiece_model))
        shares = quotas(sources, count)
        sampled = [pair for source in sources for pair in _sample(source, shares[source.name], processor, seed)]
        sampled.sort(key=lambda pair: pair[0])
        unfinished = finished.with_suffix(".partial")
        unfinished.write_text("".join(f"{text}\n" for _, text in sampled), encoding="utf-8")
        unfinished.rename(finished)
    return finished


def keep_sentences(sentences: list[str], cache: Path) -> Path:
    """A file of the sentences, one a line in their order, under a name of its own."""
    content = "".join(f"{sentence}\n" for sentence in sentences)
    finished = cache / f"sentences-{hashlib.sha256(content.encode()).hexdigest()[:12]}.txt"
    finished.write_text(content, encoding="utf-8")
    return finished


def read_sentences(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")[:-1]
