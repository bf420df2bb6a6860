"""Work shared by a few threads that never wait for each other inside an operation.

A machine that others use too starves a thread now and then. Operations split over threads then all wait for the slow
one; whole pieces taken from a queue do not, and two single threads lose nothing to two that share every product.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor, nn

PIECE = 6


class Workers:
    def __init__(self, threads: int):
        torch.set_num_threads(1)
        self.pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def run(self, function: Callable, items: Iterable) -> None:
        list(self.pool.map(function, items))

    def loss_and_gradients(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of the batch; gradients are left in `.grad`. A GPU gets the batch in one piece."""
        parameters = list(model.parameters())
        size = len(inputs) if inputs.is_cuda else PIECE

        def piece(start: int) -> tuple[Tensor, tuple[Tensor, ...]]:
            part = slice(start, start + size)
            loss = model(inputs[part], targets[part]) * (len(inputs[part]) / len(inputs))
            return loss.detach(), torch.autograd.grad(loss, parameters)

        # Added in the order of the batch, whichever thread was first: floating-point sums depend on it.
        futures: list[Future] = [self.pool.submit(piece, start) for start in range(0, len(inputs), size)]
        loss, gradients = futures[0].result()
        for future in futures[1:]:
            more_loss, more = future.result()
            loss = loss + more_loss
            torch._foreach_add_(gradients, more)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return loss
