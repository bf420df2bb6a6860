"""Muon for the matrices, AdamW for everything else, and the schedule both follow.

Muon (Jordan et al. 2024) steps along the nearest orthogonal matrix to the momentum; on a budget of some tens of
millions of tokens it reached a lower loss in the same minutes than AdamW alone, its cost included (see README.md).
"""

import torch
from torch import Tensor, nn

from model import T5
from workers import Workers

# Polar Express (Amsel et al. 2025): the best odd quintic of each step for singular values in [1e-3, 1].
POLAR_STEPS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
POLAR_SAFETY = 1.05


def orthogonalise(matrices: Tensor) -> Tensor:
    """[count, rows, columns], rows <= columns: each with its singular values brought near 1."""
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) * POLAR_SAFETY + 1e-7)
    for a, b, c in POLAR_STEPS:
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


class Muon(torch.optim.Optimizer):
    """Each group holds matrices of one shape; `split` of a matrix's row blocks are orthogonalised apart (key | value).

    `weight_decay` is the share of a matrix that a step at the peak rate takes off: over a long run, steps of one size
    would otherwise let the matrices, and with them unscaled attention's scores, grow without end.
    """

    def __init__(self, groups: list[dict], workers: Workers, momentum: float = 0.95, weight_decay: float = 0.0):
        self.workers = workers
        super().__init__(groups, {"momentum": momentum, "weight_decay": weight_decay, "split": 1})

    def step(self) -> None:
        self.workers.run(self._step_group, self.param_groups)

    @torch.no_grad()
    def _step_group(self, group: dict) -> None:
        updates = []
        for parameter in group["params"]:
            if "momentum" not in self.state[parameter]:
                self.state[parameter]["momentum"] = torch.zeros_like(parameter)
            buffer = self.state[parameter]["momentum"]
            buffer.lerp_(parameter.grad, 1 - group["momentum"])
            update = parameter.grad.lerp(buffer, group["momentum"])
            updates.extend(update.chunk(group["split"]))
        stacked = torch.stack(updates)
        rows, columns = stacked.shape[1:]
        orthogonal = orthogonalise(stacked) if rows <= columns else orthogonalise(stacked.mT).mT
        rate = group["lr"] * max(1.0, rows / columns) ** 0.5
        per_parameter = orthogonal.reshape(len(group["params"]), -1, columns)
        for parameter, update in zip(group["params"], per_parameter, strict=True):
            parameter.mul_(1 - group["weight_decay"] * group["lr"] / group["peak_lr"]).add_(update, alpha=-rate)


def build_optimisers(
    model: T5, heads: nn.Module, kind: str, rate: float, weight_decay: float, workers: Workers
) -> list[torch.optim.Optimizer]:
    """`rate` is the peak rate of the matrices, every other in proportion to it. Each group remembers its own as `peak_lr`.

    `weight_decay` is Muon's alone.
    """
    named = dict(model.named_parameters())
    matrices = {name: p for name, p in named.items() if "blocks" in name and p.ndim == 2}
    queries = [p for name, p in matrices.items() if name.endswith("query")]
    # Queries start 1/sqrt(d_kv) smaller than the other maps (scores are not scaled), so they move that much less.
    query_rate = rate * model.config.d_kv**-0.5
    pairs = [p for name, p in matrices.items() if name.endswith("key_value")]
    outputs = [p for name, p in matrices.items() if name.endswith("output")]
    wi = [p for name, p in matrices.items() if name.endswith("wi")]
    wo = [p for name, p in matrices.items() if name.endswith("wo")]
    small = [p for name, p in named.items() if p.ndim == 1 or name.endswith("relative_bias")]
    # The tied embedding has unit variance, so AdamW's usual rates would leave it where it began.
    rest = [{"params": [model.shared], "lr": rate / 5}, {"params": small, "lr": rate / 2}]
    if len(list(heads.parameters())) > 0:
        rest.append({"params": list(heads.parameters()), "lr": rate / 10})
    groups = [
        {"params": queries, "lr": query_rate},
        {"params": pairs, "lr": rate, "split": 2},
        {"params": outputs, "lr": rate},
        {"params": wi, "lr": rate},
        {"params": wo, "lr": rate},
    ]
    if kind == "muon":
        muon = Muon(groups, workers, weight_decay=weight_decay)
        optimisers = [muon, torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.0)]
    else:
        for group in groups:
            group.pop("split", None)
        optimisers = [torch.optim.AdamW(groups + rest, betas=(0.9, 0.98), weight_decay=0.0)]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["peak_lr"] = group["lr"]
    return optimisers


def set_rates(optimisers: list[torch.optim.Optimizer], factor: float) -> None:
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["peak_lr"] * factor


def schedule(step: int, progress: float, warmup_steps: int = 100, decay_from: float = 0.4) -> float:
    """Share of the peak rate: a warm-up counted in steps, constant, then linear to 0 at `progress` 1 (a share of time)."""
    warmup = min(1.0, (step + 1) / warmup_steps)
    return warmup * min(1.0, max(0.0, 1.0 - progress) / (1.0 - decay_from))
