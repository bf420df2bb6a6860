"""Work shared by a few threads that never wait for each other inside an operation.

A machine that others use too starves a thread now and then. Operations split over threads then all wait for the slow
one; whole pieces taken from a queue do not, and two single threads lose nothing to two that share every product.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor, nn


class Workers:
    def __init__(self, threads: int):
        torch.set_num_threads(1)
        self.pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def run(self, function: Callable, items: Iterable) -> None:
        list(self.pool.map(function, items))

    def losses_and_gradients(self, parameters: Sequence[nn.Parameter], pieces: Sequence[Callable[[], Tensor]]) -> list[Tensor]:
        """The value of each piece; the gradients of their sum are left in `.grad`, none where no piece reads a parameter."""

        def work(piece: Callable[[], Tensor]) -> tuple[Tensor, tuple[Tensor | None, ...]]:
            loss = piece()
            return loss.detach(), torch.autograd.grad(loss, parameters, allow_unused=True)

        for parameter in parameters:
            parameter.grad = None
        # Added in the order of the pieces, whichever thread was first: floating-point sums depend on it.
        futures: list[Future] = [self.pool.submit(work, piece) for piece in pieces]
        losses = []
        for future in futures:
            loss, gradients = future.result()
            losses.append(loss)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if gradient is None:
                    continue
                if parameter.grad is None:
                    parameter.grad = gradient
                else:
                    parameter.grad.add_(gradient)
        return losses
