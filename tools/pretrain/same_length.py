"""Batches of items of one shape, so that nothing is padded and the model needs no mask."""

import numpy as np


def groups_of(kinds: np.ndarray) -> list[np.ndarray]:
    """Indices of the items of each kind (a length, say), in the order of the kinds."""
    return [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]


class SameLengthBatches:
    """Passes over items grouped by shape, each pass in an order of its own; its number alone determines a batch."""

    def __init__(self, shapes: np.ndarray, tokens: int, seed: list[int]):
        """`shapes` [items, k]: lengths of each item's parts; a batch holds about `tokens` in all and at least one item."""
        self.seed = seed
        kinds, kind_of_item = np.unique(shapes, axis=0, return_inverse=True)
        sizes = np.maximum(1, tokens // kinds.sum(axis=1))
        self.groups = [(items, max(1, len(items) // size)) for items, size in zip(groups_of(kind_of_item.ravel()), sizes, strict=True)]
        self.batches_per_pass = sum(count for _, count in self.groups)
        self.current_pass, self.batches = -1, []

    def at(self, number: int) -> np.ndarray:
        """Indices of the items of batch `number`, counted over all passes."""
        of_pass, position = divmod(number, self.batches_per_pass)
        if of_pass != self.current_pass:
            rng = np.random.default_rng([*self.seed, of_pass])
            batches = [part for items, count in self.groups for part in np.array_split(rng.permutation(items), count)]
            self.batches = [batches[index] for index in rng.permutation(len(batches))]
            self.current_pass = of_pass
        return self.batches[position]
