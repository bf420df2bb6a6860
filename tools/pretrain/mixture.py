"""A supervised mixture in text form, as T5's: labelled pairs of two GLUE training sets, and pairs the teacher scores.

The text is exactly that of the tasks in `src/tasks/glue`, answers after a sentinel as the built-in model writes them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece
import torch

from batches import MIXTURE_ORDER
from model import T5
from objectives import Batch, pieces_of, stacked
from same_length import SameLengthBatches
from vocabulary import EOS_ID, FIRST_SENTINEL_ID

LONGEST_SOURCE = 96


@dataclass(frozen=True)
class Row:
    source: str
    target: str


@dataclass(frozen=True)
class GlueTask:
    folder: str
    source: str
    labels: tuple[str, ...]


# Only these two: every other task must be new to the model that is tuned on it.
GLUE_TASKS = (
    GlueTask("MNLI", "mnli premise: {text_a} hypothesis {text_b}", ("entailment", "neutral", "contradiction")),
    GlueTask("QQP", "qqp question1: {text_a} question2: {text_b}", ("0", "1")),
)


def read_glue(glue: Path) -> list[Row]:
    """The training rows at hand of the tasks above (`sample*.train.json`: an object of rows by number)."""
    rows = []
    for task in GLUE_TASKS:
        files = sorted((glue / task.folder).glob("sample*.train.json"))
        if not files:
            raise SystemExit(f"{glue / task.folder}: no sample*.train.json; give another --glue, or none at all")
        for file in files:
            for row in json.loads(file.read_text(encoding="utf-8")).values():
                target = str(task.labels.index(row["label"]))
                rows.append(Row(task.source.format(text_a=row["text_a"].strip(), text_b=row["text_b"].strip()), target))
    return rows


class Mixture:
    name = "mixture"

    def __init__(
        self, model: T5, rows: list[Row], processor: sentencepiece.SentencePieceProcessor, seed: int,
        tokens: int, weight: float,
    ):  # fmt: skip
        self.model, self.weight, self.device = model, weight, model.shared.device
        sources = processor.encode([row.source for row in rows], num_threads=2)
        targets = processor.encode([row.target for row in rows], num_threads=2)
        pairs = [
            ([*source, FIRST_SENTINEL_ID, EOS_ID], [FIRST_SENTINEL_ID, *target, EOS_ID])
            for source, target in zip(sources, targets, strict=True)
        ]
        self.pairs = [pair for pair in pairs if len(pair[0]) <= LONGEST_SOURCE]
        shapes = np.array([[len(source), len(target)] for source, target in self.pairs])
        self.batches = SameLengthBatches(shapes, tokens, [seed, MIXTURE_ORDER])

    def batch(self, step: int) -> Batch:
        chosen = [self.pairs[item] for item in self.batches.at(step)]
        inputs, targets = (stacked(list(side), self.device) for side in zip(*chosen, strict=True))
        pieces = pieces_of(inputs, lambda part: self.model(inputs[part], targets[part]))
        return Batch(pieces, len(chosen), inputs.numel())

    def held_out(self, thorough: bool) -> dict[str, float]:
        return {}
