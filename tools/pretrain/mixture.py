"""A mixture of questions in text form, as T5's, answers after a sentinel as the built-in model writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sentencepiece
import torch
import torch.nn.functional as F

from batches import MIXTURE_ORDER
from model import T5
from objectives import Batch, pieces_of, stacked
from same_length import SameLengthBatches, groups_of
from vocabulary import EOS_ID, FIRST_SENTINEL_ID

LONGEST_SOURCE = 96
LONGEST_ANSWER = 6
# Rows of each kind that no batch holds.
HELD_OUT = 256


@dataclass(frozen=True)
class Row:
    source: str
    target: str


@dataclass(frozen=True)
class Kind:
    """Rows of one question, in no particular order; `graded` where the answers are numbers on a scale."""

    name: str
    rows: list[Row]
    repeats: int = 1
    graded: bool = False


class Mixture:
    name = "mixture"

    def __init__(
        self, model: T5, kinds: Sequence[Kind], processor: sentencepiece.SentencePieceProcessor, seed: int,
        tokens: int, weight: float,
    ):  # fmt: skip
        self.model, self.weight, self.device, self.processor = model, weight, model.shared.device, processor
        self.held_out_kinds = [Kind(kind.name, kind.rows[:HELD_OUT], graded=kind.graded) for kind in kinds]
        rows = [row for kind in kinds for row in kind.rows[HELD_OUT:] * kind.repeats]
        sources = self._sources(rows)
        targets = processor.encode([row.target for row in rows], num_threads=2)
        pairs = zip(sources, ([FIRST_SENTINEL_ID, *target, EOS_ID] for target in targets), strict=True)
        self.pairs = [pair for pair in pairs if len(pair[0]) <= LONGEST_SOURCE]
        shapes = np.array([[len(source), len(target)] for source, target in self.pairs])
        self.batches = SameLengthBatches(shapes, tokens, [seed, MIXTURE_ORDER])

    def _sources(self, rows: list[Row]) -> list[list[int]]:
        encoded = self.processor.encode([row.source for row in rows], num_threads=2)
        return [[*source, FIRST_SENTINEL_ID, EOS_ID] for source in encoded]

    def batch(self, step: int) -> Batch:
        chosen = [self.pairs[item] for item in self.batches.at(step)]
        inputs, targets = (stacked(list(side), self.device) for side in zip(*chosen, strict=True))
        pieces = pieces_of(inputs, lambda part: self.model(inputs[part], targets[part]))
        return Batch(pieces, len(chosen), inputs.numel())

    @torch.no_grad()
    def _answers(self, sources: list[list[int]]) -> list[str]:
        """What the model writes after the sentinel, greedily; sources of one length together."""
        answers = [""] * len(sources)
        for group in groups_of(np.array([len(source) for source in sources])):
            inputs = stacked([sources[item] for item in group], self.device)
            written = torch.full((len(group), 1), FIRST_SENTINEL_ID, device=self.device)
            while written.shape[1] <= LONGEST_ANSWER and not (written == EOS_ID).any(1).all():
                # The last of the targets is not read: a target is what comes after the ones before it.
                logits = self.model.logits(inputs, F.pad(written, (0, 1), value=EOS_ID))
                written = torch.cat((written, logits[:, -1:].argmax(-1)), dim=1)
            for item, ids in zip(group, written.tolist(), strict=True):
                answer = ids[1 : ids.index(EOS_ID)] if EOS_ID in ids else ids[1:]
                answers[item] = self.processor.decode([token for token in answer if FIRST_SENTINEL_ID > token > EOS_ID])
        return answers

    def held_out(self, thorough: bool) -> dict[str, float]:
        """Of rows no batch holds, for each kind: accuracy, or where answers are graded their correlation with the true ones."""
        measures = {}
        for kind in self.held_out_kinds:
            rows = kind.rows if thorough else kind.rows[: HELD_OUT // 2]
            answers = self._answers(self._sources(rows))
            measure = (correlation if kind.graded else accuracy)(answers, [row.target for row in rows])
            measures[f"heldOut{kind.name.capitalize()}"] = round(measure, 4)
        return measures


def accuracy(answers: list[str], truth: list[str]) -> float:
    return sum(a == b for a, b in zip(answers, truth, strict=True)) / len(truth)


def correlation(answers: list[str], truth: list[str]) -> float:
    """Pearson's, of numbers as written; 0 where all answers are the same. What is no number counts as 0."""

    def number(answer: str) -> float:
        try:
            return float(answer)
        except ValueError:
            return 0.0

    written, true = (np.array([number(answer) for answer in side]) for side in (answers, truth))
    return float(np.corrcoef(written, true)[0, 1]) if written.std() > 0 and true.std() > 0 else 0.0
