"""One step of the S³Delta search in plain PyTorch, written after the paper: a second copy of the whole backbone takes
the virtual step, gates are written to the candidates one by one, and the second order makes five evaluations.
"""

import copy

import torch
from torch import Tensor, nn

from common import parser, prepare, random_batch, serve
from search_deltas import attach_mixed_space

LEARNING_RATE, ALPHA_LEARNING_RATE, CLIP, MARGIN = 3e-4, 0.1, 2.0, 1e-7


class Net(nn.Module):
    """The backbone with its candidates and α."""

    def __init__(self, backbone: nn.Module, budget_share: float):
        super().__init__()
        self.backbone = backbone
        # An encoder's head is trained beside them, in no budget.
        self.head = getattr(backbone, "classifier", nn.Identity()).requires_grad_(True)
        self.candidates = candidates = attach_mixed_space(backbone)
        self.counts = [sum(p.numel() for p in candidate.parameters()) for candidate in candidates]
        self.budget = budget_share * sum(self.counts)
        self.alpha = nn.Parameter(torch.zeros(len(candidates)))

    def weights(self) -> list[nn.Parameter]:
        return [*self.candidates.parameters(), *self.head.parameters()]

    def probabilities(self) -> Tensor:
        counts = torch.tensor(self.counts, dtype=torch.float64)
        alpha = self.alpha.detach().double()
        low, high = alpha.min() - 100, alpha.max() + 100
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if (counts * torch.sigmoid(alpha - middle)).sum() > self.budget else (low, middle)
        p = torch.sigmoid(self.alpha - low.float())
        return (p * (p.detach().sum() / p.sum())).clamp(MARGIN, 1 - MARGIN)

    def loss(self, batch: dict[str, Tensor], uniforms: Tensor) -> Tensor:
        p = self.probabilities()
        gates = torch.sigmoid(torch.logit(uniforms) + torch.logit(p))
        for candidate, gate in zip(self.candidates, gates.unbind()):
            candidate.gate = gate
        return self.backbone(**batch).loss


def assign_gradients(parameters: list[nn.Parameter], gradients: tuple[Tensor, ...]) -> None:
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient


class SearchStep:
    def __init__(self, net: Net, second_order: bool):
        self.net, self.second_order = net, second_order
        self.optimiser = torch.optim.AdamW(net.weights(), lr=LEARNING_RATE, weight_decay=0)
        self.alpha_optimiser = torch.optim.AdamW([net.alpha], lr=ALPHA_LEARNING_RATE, weight_decay=0)
        self.virtual = copy.deepcopy(net) if second_order else net

    def virtual_step(self, batch: dict[str, Tensor], uniforms: Tensor) -> None:
        """w' = AdamW(w, ∇w L_δ(w, α)) on the copy, with a copy of the optimiser's state."""
        net, virtual = self.net, self.virtual
        gradients = torch.autograd.grad(net.loss(batch, uniforms), net.weights())
        with torch.no_grad():
            virtual.alpha.copy_(net.alpha)
            for copied, weight in zip(virtual.weights(), net.weights()):
                copied.copy_(weight)
        optimiser = torch.optim.AdamW(virtual.weights(), lr=LEARNING_RATE, weight_decay=0)
        optimiser.load_state_dict(copy.deepcopy(self.optimiser.state_dict()))
        assign_gradients(virtual.weights(), gradients)
        optimiser.step()

    def correction(self, direction: tuple[Tensor, ...], batch: dict[str, Tensor], uniforms: Tensor) -> Tensor:
        """h = (∇α L_δ(w⁺, α) − ∇α L_δ(w⁻, α)) / 2ε."""
        net, sides = self.net, []
        epsilon = 0.01 / torch.sqrt(sum(v.square().sum() for v in direction))
        # To w⁺, from there to w⁻, and back to w.
        for move, wants_gradient in ((epsilon, True), (-2 * epsilon, True), (epsilon, False)):
            with torch.no_grad():
                for weight, v in zip(net.weights(), direction):
                    weight.add_(move * v)
            if wants_gradient:
                sides.append(torch.autograd.grad(net.loss(batch, uniforms), net.alpha)[0])
        return (sides[0] - sides[1]) / (2 * epsilon)

    def take(self, delta_batch: dict[str, Tensor], alpha_batch: dict[str, Tensor]) -> float:
        net, virtual = self.net, self.virtual
        uniforms = torch.rand(len(net.counts)).clamp(1e-6, 1 - 1e-6)
        if self.second_order:
            self.virtual_step(delta_batch, uniforms)
        wanted = [virtual.alpha, *virtual.weights()] if self.second_order else [virtual.alpha]
        alpha_gradient, *direction = torch.autograd.grad(virtual.loss(alpha_batch, uniforms), wanted)
        if self.second_order:
            alpha_gradient = alpha_gradient - LEARNING_RATE * self.correction(tuple(direction), delta_batch, uniforms)
        net.alpha.grad = alpha_gradient
        nn.utils.clip_grad_norm_([net.alpha], CLIP)
        self.alpha_optimiser.step()

        loss = net.loss(delta_batch, uniforms)
        assign_gradients(net.weights(), torch.autograd.grad(loss, net.weights()))
        nn.utils.clip_grad_norm_(net.weights(), CLIP)
        self.optimiser.step()
        return loss.item()


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--order", choices=("first", "second"), default="second")
    arguments.add_argument("--budget-share", type=float, default=0.1, help="budget as a share of all candidates' parameters")
    chosen = arguments.parse_args()
    net = Net(prepare(chosen), chosen.budget_share)
    search = SearchStep(net, second_order=chosen.order == "second")
    delta_batch, alpha_batch = random_batch(chosen), random_batch(chosen)
    serve(lambda: search.take(delta_batch, alpha_batch), candidates=len(net.counts), parameters=sum(net.counts))


if __name__ == "__main__":
    main()
