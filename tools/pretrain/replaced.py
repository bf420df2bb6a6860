"""Replaced-token detection (ELECTRA: Clark et al. 2020): which tokens of a text are not as they were written?

The slips come from rules instead of a generator: a token for another, near in the start's embeddings (often another
inflection) or any; two tokens swapped; one left out. The answers are read off the encoder's states by a head that is
thrown away.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from batches import REPLACED, REPLACED_ORDER
from machine import to_device
from model import T5
from objectives import Batch, pieces_of
from vocabulary import EOS_ID, NUM_PIECES

LENGTH = 128
SHARE_NEAR, SHARE_ANY, SHARE_SWAPPED, SHARE_DROPPED = 0.06, 0.02, 0.025, 0.025
NEIGHBOURS = 16
CHUNK = 1000


def near_pieces(embeddings: Tensor) -> np.ndarray:
    """[pieces, NEIGHBOURS] of each piece the nearest others, by the cosine of `embeddings` [vocabulary, d]."""
    unit = F.normalize(embeddings[:NUM_PIECES].float(), dim=1)
    near = []
    for start in range(0, NUM_PIECES, CHUNK):
        cosines = unit[start : start + CHUNK] @ unit.T
        cosines.diagonal(start).fill_(-1)
        near.append(cosines.topk(NEIGHBOURS, dim=1).indices)
    return torch.cat(near).cpu().numpy().astype(np.uint16)


def replaced(windows: np.ndarray, near: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Windows [batch, at least LENGTH + 8] → tokens with slips and </s>, int64 [batch, LENGTH], and which are slips, float32.

    A left out token is a slip of the one after it.
    """
    tokens, drawn = windows.astype(np.int64), rng.random(windows.shape)
    edges = np.cumsum((SHARE_NEAR, SHARE_ANY, SHARE_SWAPPED, SHARE_DROPPED))
    kind = np.searchsorted(edges, drawn, side="right")
    nearest = near[tokens, rng.integers(0, NEIGHBOURS, tokens.shape)]
    # Tokens of the same batch are drawn as often as they are written.
    anything = rng.permutation(tokens.ravel()).reshape(tokens.shape)
    written = np.select([kind == 0, kind == 1], [nearest, anything], tokens)
    swap = kind == 2
    swap[:, -1] = False
    swap[:, 1:] &= ~swap[:, :-1]
    second = np.roll(swap, 1, axis=1)
    written[swap], written[second] = tokens[second], tokens[swap]
    dropped = kind == 3
    after_dropped = np.roll(dropped, 1, axis=1)
    after_dropped[:, 0] = False
    slips = (written != tokens) | after_dropped
    # What is kept moves to the front, in its order; a stable sort of the flags says how.
    order = np.argsort(dropped, axis=1, kind="stable")[:, : LENGTH - 1]
    ids, labels = (np.take_along_axis(array, order, 1) for array in (written, slips))
    return (
        np.pad(ids, ((0, 0), (0, 1)), constant_values=EOS_ID),
        np.pad(labels.astype(np.float32), ((0, 0), (0, 1))),
    )


class Detector(nn.Module):
    def __init__(self, d_model: int):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, d_model))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, states: Tensor) -> Tensor:
        return F.linear(states, self.weight, self.bias)[..., 0]


class ReplacedTokens:
    name = "replaced"

    def __init__(
        self, model: T5, detector: Detector, training: np.ndarray, held_out: np.ndarray, near: np.ndarray, seed: int,
        batch_size: int, weight: float,
    ):  # fmt: skip
        self.model, self.detector, self.weight, self.device = model, detector, weight, model.shared.device
        self.windows, self.held_out_windows, self.near, self.seed, self.batch_size = training, held_out, near, seed, batch_size

    def _logits(self, inputs: Tensor) -> Tensor:
        return self.detector(self.model.encoder(F.embedding(inputs, self.model.shared))).float()

    def batch(self, step: int) -> Batch:
        chosen = np.random.default_rng([self.seed, REPLACED_ORDER, step]).integers(0, len(self.windows), self.batch_size)
        ids, labels = replaced(self.windows[np.sort(chosen)], self.near, np.random.default_rng([self.seed, REPLACED, step]))
        inputs, answers = to_device(ids, self.device), to_device(labels, self.device)
        pieces = pieces_of(
            inputs, lambda part: F.binary_cross_entropy_with_logits(self._logits(inputs[part]), answers[part])
        )
        return Batch(pieces, len(inputs), inputs.numel())

    @torch.no_grad()
    def held_out(self, thorough: bool) -> dict[str, float]:
        """Area under the ROC curve of the answers for held-out windows: chance is 0.5."""
        windows = self.held_out_windows[:128]
        ids, labels = replaced(windows, self.near, np.random.default_rng([self.seed, REPLACED]))
        logits = self._logits(to_device(ids, self.device)).cpu().numpy().ravel()
        return {"heldOutReplacedAuc": round(area_under_curve(logits, labels.ravel() > 0), 4)}


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    """The share of pairs of a positive and a negative in which the positive scores higher (Mann-Whitney U)."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    count = positive.sum()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))
