"""A compact T5 v1.0: relu, tied embeddings, RMS norm, relative position bias shared by the layers of a stack.

Maps that read the same input are one matrix here (query, key and value; cross-attention's key and value), which is
faster to train; `export.py` takes them apart into the names Hugging Face uses.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    vocab_size: int = 8128
    d_model: int = 256
    d_ff: int = 1024
    d_kv: int = 64
    num_heads: int = 4
    num_layers: int = 4
    num_buckets: int = 32
    max_distance: int = 128
    epsilon: float = 1e-6


def normal(*shape: int, std: float) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * std)


class RMSNorm(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.d_model))
        self.epsilon = config.epsilon

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden * torch.rsqrt(hidden.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


@lru_cache(maxsize=256)
def relative_position_bucket(length: int, bidirectional: bool, config: Config, device: torch.device) -> Tensor:
    """[length, length] bucket of key position minus query position: exact when near, logarithmic when far."""
    position = torch.arange(length)
    relative = position[None, :] - position[:, None]
    num_buckets, bucket = config.num_buckets, torch.zeros_like(relative)
    if bidirectional:
        num_buckets //= 2
        bucket += (relative > 0).long() * num_buckets
        distance = relative.abs()
    else:
        distance = (-relative).clamp(min=0)
    max_exact = num_buckets // 2
    scale = (num_buckets - max_exact) / math.log(config.max_distance / max_exact)
    far = max_exact + (torch.log(distance.clamp(min=1).float() / max_exact) * scale).long()
    return (bucket + torch.where(distance < max_exact, distance, far.clamp(max=num_buckets - 1))).to(device)


def initial_bias(config: Config, is_decoder: bool) -> Tensor:
    """[buckets, heads] heads that look near and far, as ALiBi's do; the encoder's first two look back and ahead."""
    slopes = torch.logspace(0, -1.5, config.num_heads)
    if is_decoder:
        return -torch.arange(config.num_buckets)[:, None] * slopes
    half = config.num_buckets // 2
    bias = (-torch.arange(half)[:, None] * slopes).repeat(2, 1)
    bias[half:, 0] -= 4.0
    bias[:half, 1] -= 4.0
    return bias


class Attention(nn.Module):
    def __init__(self, config: Config, is_cross: bool):
        super().__init__()
        self.num_heads, self.d_kv, self.is_cross = config.num_heads, config.d_kv, is_cross
        d_model, inner = config.d_model, config.num_heads * config.d_kv
        # T5 does not scale scores by 1/sqrt(d_kv): the query map starts that much smaller instead.
        self.query = normal(inner, d_model, std=(d_model * config.d_kv) ** -0.5)
        self.key_value = normal(2 * inner, d_model, std=d_model**-0.5)
        self.output = normal(d_model, inner, std=inner**-0.5)
        if is_cross:
            # A target's sentinel should look at the same sentinel in the input. That starts out true when queries and
            # keys are the same map of nearly the same embedding; finding it from noise takes much of a short run.
            with torch.no_grad():
                self.query.copy_(self.key_value[:inner] * config.d_kv**-0.5)

    def split_heads(self, projected: Tensor, num_maps: int) -> tuple[Tensor, ...]:
        """[batch, length, maps * heads * d_kv] to one [batch, heads, length, d_kv] a map."""
        batch, length, _ = projected.shape
        return projected.view(batch, length, num_maps, self.num_heads, self.d_kv).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(self, hidden: Tensor, memory: Tensor | None, bias: Tensor | None) -> Tensor:
        if self.is_cross:
            (query,) = self.split_heads(F.linear(hidden, self.query), 1)
            key, value = self.split_heads(F.linear(memory, self.key_value), 2)
        else:
            fused = torch.cat((self.query, self.key_value))
            query, key, value = self.split_heads(F.linear(hidden, fused), 3)
        scores = query @ key.transpose(-1, -2)
        if bias is not None:
            scores = scores + bias
        context = scores.softmax(-1) @ value
        return F.linear(context.transpose(1, 2).flatten(2), self.output)


class Block(nn.Module):
    def __init__(self, config: Config, is_decoder: bool):
        super().__init__()
        self.self_norm, self.self_attention = RMSNorm(config), Attention(config, is_cross=False)
        if is_decoder:
            self.cross_norm, self.cross_attention = RMSNorm(config), Attention(config, is_cross=True)
        self.feed_forward_norm = RMSNorm(config)
        self.wi = normal(config.d_ff, config.d_model, std=config.d_model**-0.5)
        self.wo = normal(config.d_model, config.d_ff, std=config.d_ff**-0.5)

    def forward(self, hidden: Tensor, bias: Tensor, memory: Tensor | None) -> Tensor:
        hidden = hidden + self.self_attention(self.self_norm(hidden), None, bias)
        if memory is not None:
            hidden = hidden + self.cross_attention(self.cross_norm(hidden), memory, None)
        return hidden + F.linear(F.relu(F.linear(self.feed_forward_norm(hidden), self.wi)), self.wo)


class Stack(nn.Module):
    def __init__(self, config: Config, is_decoder: bool):
        super().__init__()
        self.config, self.is_decoder = config, is_decoder
        self.relative_bias = nn.Parameter(initial_bias(config, is_decoder))
        self.blocks = nn.ModuleList(Block(config, is_decoder) for _ in range(config.num_layers))
        self.final_norm = RMSNorm(config)
        if not is_decoder:
            # The encoder starts as the identity, so that its states are the embeddings cross-attention can match.
            for block in self.blocks:
                nn.init.zeros_(block.self_attention.output)
                nn.init.zeros_(block.wo)

    def forward(self, hidden: Tensor, memory: Tensor | None = None) -> Tensor:
        length = hidden.shape[1]
        buckets = relative_position_bucket(length, not self.is_decoder, self.config, hidden.device)
        bias = self.relative_bias[buckets].permute(2, 0, 1)
        if self.is_decoder:
            future = torch.ones(length, length, dtype=torch.bool, device=hidden.device).triu(1)
            bias = bias.masked_fill(future, float("-inf"))
        for block in self.blocks:
            hidden = block(hidden, bias, memory)
        return self.final_norm(hidden)


class T5(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.shared = normal(config.vocab_size, config.d_model, std=1.0)
        self.encoder = Stack(config, is_decoder=False)
        self.decoder = Stack(config, is_decoder=True)

    def sentence_vectors(self, inputs: Tensor) -> Tensor:
        """Inputs [batch, source] → [batch, d_model], the mean of the states that the decoder reads."""
        return self.encoder(F.embedding(inputs, self.shared)).mean(1)

    def logits(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Inputs [batch, source], targets [batch, target] → [batch, target, vocabulary], teacher-forced."""
        memory = self.encoder(F.embedding(inputs, self.shared))
        # The decoder reads the targets one step late, starting with <pad> (id 0).
        shifted = F.pad(targets[:, :-1], (1, 0))
        hidden = self.decoder(F.embedding(shifted, self.shared), memory)
        return F.linear(hidden * self.config.d_model**-0.5, self.shared)

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy of the target tokens, in nats."""
        return F.cross_entropy(self.logits(inputs, targets).flatten(0, 1), targets.flatten())
