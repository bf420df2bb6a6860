"""One step of training, and all that a stopped run needs to go on."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from machine import to_device
from model import T5
from objectives import Objective, Piece
from optimiser import build_optimisers, set_rates
from options import Options
from workers import Workers


def in_precision(piece: Piece, weight: float, device: torch.device, precision: str) -> Callable[[], Tensor]:
    """The weighted piece with its matrix products in `precision`; weights, sums, norms and losses stay float32."""

    def run() -> Tensor:
        # No cache: each weight is read once in a piece, and a cached copy would be shared by threads.
        with torch.autocast(device.type, torch.bfloat16, precision == "bfloat16", cache_enabled=False):
            return piece() * weight

    return run


class Trainer:
    """`heads` hold the parameters of the objectives that are not the model's."""

    def __init__(self, model: T5, heads: nn.Module, objectives: Sequence[Objective], options: Options):
        self.model, self.heads, self.objectives, self.options = model, heads, objectives, options
        self.device = model.shared.device
        self.parameters = [*model.parameters(), *heads.parameters()]
        self.workers = Workers(options.threads)
        self.optimisers = build_optimisers(model, heads, options.optimiser, options.rate, options.weight_decay, self.workers)
        self.steps = 0
        self.seen = {objective.name: {"items": 0, "tokens": 0} for objective in objectives}

    @property
    def tokens(self) -> int:
        return sum(of_objective["tokens"] for of_objective in self.seen.values())

    def step(self, rate: float) -> Tensor:
        """One step at `rate` of the peak rates: [objectives] mean losses of their batches, weighted."""
        pieces, owners = [], []
        for index, objective in enumerate(self.objectives):
            batch = objective.batch(self.steps)
            pieces += [in_precision(p, objective.weight, self.device, self.options.precision) for p in batch.pieces]
            owners += [index] * len(batch.pieces)
            self.seen[objective.name]["items"] += batch.items
            self.seen[objective.name]["tokens"] += batch.tokens
        losses = torch.stack(self.workers.losses_and_gradients(self.parameters, pieces))
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        set_rates(self.optimisers, rate)
        for optimiser in self.optimisers:
            optimiser.step()
        self.steps += 1
        by_objective = torch.zeros(len(self.objectives), device=self.device)
        return by_objective.index_add_(0, to_device(np.array(owners), self.device), losses)

    def held_out(self, thorough: bool) -> dict[str, float]:
        return {name: value for objective in self.objectives for name, value in objective.held_out(thorough).items()}

    def state(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "heads": self.heads.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.steps,
            "seen": self.seen,
            "options": asdict(self.options),
        }

    def restore(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.heads.load_state_dict(state["heads"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.steps, self.seen = state["step"], state["seen"]
