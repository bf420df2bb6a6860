"""The encoder learns a teacher's sentence vectors, from the mean of its states through a head that is thrown away."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from batches import DISTILLATION_ORDER, HELD_OUT_SENTENCES
from machine import to_device
from model import T5, normal
from objectives import Batch, pieces_of, stacked
from same_length import SameLengthBatches, groups_of
from vocabulary import EOS_ID, FIRST_SENTINEL_ID

TEMPERATURE = 0.05
COSINE_WEIGHT = 5.0
HELD_OUT = 1024


def encode_sentence(ids: list[int]) -> list[int]:
    """A source as the tuned model will read it: the text, the sentinel its answer begins with, and the end."""
    return [*ids, FIRST_SENTINEL_ID, EOS_ID]


def distillation_loss(predicted: Tensor, own: Tensor, batch: Tensor) -> Tensor:
    """Mean loss of `predicted` [n, d] against the teacher's vectors of the same sentences `own` [n, d], unit length.

    The angle to the teacher's vector, as feature mimicry, and the cross-entropy between the teacher's and the student's
    similarities to the teacher's vectors of the whole batch, `batch` [m, d] (CLIP-KD's interactive contrast, with the
    teacher's own similarities as soft targets: Yang et al. 2024). Only the student's side has a gradient, so a batch can
    be taken apart.
    """
    predicted = F.normalize(predicted.float(), dim=1)
    angle = 1 - (predicted * own).sum(1).mean()
    contrast = F.cross_entropy(predicted @ batch.T / TEMPERATURE, (own @ batch.T / TEMPERATURE).softmax(1))
    return COSINE_WEIGHT * angle + contrast


class Head(nn.Module):
    def __init__(self, d_model: int, dimensions: int):
        super().__init__()
        self.weight = normal(dimensions, d_model, std=d_model**-0.5)
        self.bias = nn.Parameter(torch.zeros(dimensions))

    def forward(self, pooled: Tensor) -> Tensor:
        return F.linear(pooled, self.weight, self.bias)


class Distillation:
    name = "teacher"

    def __init__(
        self, model: T5, head: Head, sentences: list[list[int]], vectors: np.ndarray, seed: int,
        tokens: int, weight: float,
    ):  # fmt: skip
        self.model, self.head, self.weight, self.device = model, head, weight, model.shared.device
        order = np.random.default_rng([seed, HELD_OUT_SENTENCES]).permutation(len(sentences))
        self.sentences, self.vectors = [encode_sentence(ids) for ids in sentences], vectors
        self.held_out_items, self.items = np.sort(order[:HELD_OUT]), np.sort(order[HELD_OUT:])
        shapes = np.array([[len(self.sentences[item])] for item in self.items])
        self.batches = SameLengthBatches(shapes, tokens, [seed, DISTILLATION_ORDER])

    def predicted(self, inputs: Tensor) -> Tensor:
        return self.head(self.model.sentence_vectors(inputs))

    def _teacher(self, items: np.ndarray) -> Tensor:
        return to_device(self.vectors[items], self.device).float()

    def batch(self, step: int) -> Batch:
        items = self.items[self.batches.at(step)]
        inputs, teacher = stacked([self.sentences[item] for item in items], self.device), self._teacher(items)
        pieces = pieces_of(inputs, lambda part: distillation_loss(self.predicted(inputs[part]), teacher[part], teacher))
        return Batch(pieces, len(items), inputs.numel())

    @torch.no_grad()
    def held_out(self, thorough: bool) -> dict[str, float]:
        """Mean cosine between the head's and the teacher's vectors of the held-out sentences."""
        lengths = np.array([len(self.sentences[item]) for item in self.held_out_items])
        cosines = []
        for group in groups_of(lengths):
            items = self.held_out_items[group]
            inputs = stacked([self.sentences[item] for item in items], self.device)
            cosines += F.cosine_similarity(self.predicted(inputs), self._teacher(items)).tolist()
        return {"heldOutTeacherCosine": round(float(np.mean(cosines)), 4)}
