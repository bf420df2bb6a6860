"""A SentencePiece unigram vocabulary, laid out as T5's is."""

import random
import re
from pathlib import Path

import sentencepiece

from corpus import Source, read_lines

NUM_PIECES = 8000
NUM_SENTINELS = 100
PAD_ID, EOS_ID, UNK_ID = 0, 1, 2
# Sentinels are not pieces: they follow the last piece, and the first sentinel has the highest id, as in T5.
FIRST_SENTINEL_ID = NUM_PIECES + NUM_SENTINELS - 1
# Rows past the last sentinel are never used; a multiple of 64 keeps the matrix products' shapes even.
VOCAB_SIZE = 8128

MAX_LINE_BYTES = 4000


def split_into_sentences(line: str) -> list[str]:
    return re.split(r"(?<=[.!?]) ", line)


def sample_sentences(sources: list[Source], max_sentences: int, seed: int) -> list[str]:
    """A reproducible sample of sentence-like pieces of the text, in the proportions of the corpus."""
    sentences: list[str] = []
    for source in sources:
        for line in read_lines(source):
            sentences.extend(part for part in split_into_sentences(line) if len(part.encode()) <= MAX_LINE_BYTES)
    random.Random(seed).shuffle(sentences)
    return sentences[:max_sentences]


def train_vocabulary(sources: list[Source], model_file: Path, seed: int, max_sentences: int = 400_000) -> None:
    """Writes `model_file`; the flags are T5's except for the number of pieces."""
    unfinished = model_file.with_suffix(".partial")
    with open(unfinished, "wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sample_sentences(sources, max_sentences, seed)),
            model_writer=model,
            model_type="unigram",
            vocab_size=NUM_PIECES,
            pad_id=PAD_ID,
            eos_id=EOS_ID,
            unk_id=UNK_ID,
            bos_id=-1,
            normalization_rule_name="nmt_nfkc",
            character_coverage=0.9995,
            byte_fallback=False,
            max_sentence_length=MAX_LINE_BYTES + 1,
            num_threads=2,
            minloglevel=1,
        )
    unfinished.rename(model_file)
