"""What a training step sums: each objective gives its batch's loss in pieces that threads can take apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from machine import to_device

# Tokens of a piece on a CPU: enough for full matrix products, few enough for an even share of the threads.
PIECE_TOKENS = 1536

Piece = Callable[[], Tensor]


@dataclass(frozen=True)
class Batch:
    """Functions whose results sum to the mean loss of a batch, and what the batch holds."""

    pieces: list[Piece]
    items: int
    tokens: int


class Objective(Protocol):
    name: str
    weight: float

    def batch(self, step: int) -> Batch:
        """The batch of a step: the same for the same step, however often a run was stopped."""

    def held_out(self, thorough: bool) -> dict[str, float]:
        """Measures on data that no step sees, by the names of the log; empty where there are none."""


def pieces_of(batch: Tensor, mean_loss: Callable[[slice], Tensor]) -> list[Piece]:
    """`mean_loss` of slices of `batch` [items, length], weighted to the mean of the whole. A GPU gets it in one piece."""
    items, length = batch.shape
    size = items if batch.is_cuda else max(1, PIECE_TOKENS // length)

    def piece(part: slice, share: float) -> Piece:
        return lambda: mean_loss(part) * share

    parts = [slice(start, min(start + size, items)) for start in range(0, items, size)]
    return [piece(part, (part.stop - part.start) / items) for part in parts]


def stacked(rows: list, device: torch.device) -> Tensor:
    """Rows of ids of one length as int64 [rows, length]."""
    return to_device(np.array(rows, dtype=np.int64), device)
