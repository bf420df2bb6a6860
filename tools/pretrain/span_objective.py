"""Span corruption as an objective of the training loop."""

import numpy as np

from batches import Batches, held_out_loss
from model import T5
from objectives import Batch, pieces_of

# The curve is measured on the first windows of the held-out slice; the last number is of the whole slice.
CURVE_WINDOWS = 512


class SpanCorruption:
    name = "spans"
    weight = 1.0

    def __init__(self, model: T5, training: np.ndarray, held_out: np.ndarray, batch_size: int, seed: int):
        self.model, self.windows, self.seed, self.device = model, held_out, seed, model.shared.device
        self.window_length = training.shape[1]
        self.batches = Batches(training, batch_size, seed, self.device)

    def batch(self, step: int) -> Batch:
        inputs, targets = self.batches.at(step * self.batches.batch_size)
        pieces = pieces_of(inputs, lambda part: self.model(inputs[part], targets[part]))
        return Batch(pieces, len(inputs), len(inputs) * self.window_length)

    def held_out(self, thorough: bool) -> dict[str, float]:
        """Loss of the held-out windows; thoroughly, also of each with another's input."""
        if not thorough:
            return {"heldOutLoss": self._loss(self.windows[:CURVE_WINDOWS])}
        return {
            "heldOutLoss": self._loss(self.windows),
            "mismatchedLoss": self._loss(self.windows, mismatched=True),
            "heldOutWindows": len(self.windows),
        }

    def _loss(self, windows: np.ndarray, mismatched: bool = False) -> float:
        return round(held_out_loss(self.model, windows, self.seed, self.device, mismatched), 4)
