"""Training batches in an order that a position in the run determines, so that a resumed run goes on exactly."""

import numpy as np
import torch

from machine import to_device
from span_corruption import corrupt

# Independent streams of random numbers drawn from the one seed.
TRAINING_SPANS, HELD_OUT_SPANS, ORDER = 0, 1, 2
DISTILLATION_ORDER, HELD_OUT_SENTENCES, MIXTURE_ORDER, PAIRS = 3, 4, 5, 6
ALTERED, LABELLED_ORDER, ACCEPTABLE, SENTENCE_ORDER = 7, 8, 9, 10
REPLACED, REPLACED_ORDER = 11, 12


def corrupted(windows: np.ndarray, seed: list[int], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, targets = corrupt(windows, np.random.default_rng(seed))
    return to_device(inputs, device), to_device(targets, device)


class Batches:
    """Passes over the windows, each in its own order; the spans of a batch depend on its position alone."""

    def __init__(self, windows: np.ndarray, batch_size: int, seed: int, device: torch.device):
        self.windows, self.batch_size, self.seed, self.device = windows, batch_size, seed, device
        self.windows_per_pass = len(windows) // batch_size * batch_size
        self.current_pass, self.order = -1, np.empty(0, dtype=np.int64)

    def at(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets of the batch that begins after `position` windows have been used."""
        number, first = divmod(position, self.windows_per_pass)
        if number != self.current_pass:
            self.order = np.random.default_rng([self.seed, ORDER, number]).permutation(len(self.windows))
            self.current_pass = number
        # Sorting reads the memory in order; it changes nothing else.
        chosen = np.sort(self.order[first : first + self.batch_size])
        return corrupted(self.windows[chosen], [self.seed, TRAINING_SPANS, position], self.device)


@torch.no_grad()
def held_out_loss(
    model: torch.nn.Module, windows: np.ndarray, seed: int, device: torch.device, mismatched: bool = False
) -> float:
    """Mean loss over the windows, always with the same spans hidden; `mismatched` gives each the input of another."""
    total, size = 0.0, 64
    for start in range(0, len(windows), size):
        batch = windows[start : start + size]
        inputs, targets = corrupted(batch, [seed, HELD_OUT_SPANS, start], device)
        total += model(inputs.roll(1, 0) if mismatched else inputs, targets).item() * len(batch)
    return total / len(windows)
