"""The mixed space as gated nn.Modules hooked into Hugging Face's T5 or BERT: one module a candidate, as the authors attach them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.activations import ACT2FN
from transformers.models.bert.modeling_bert import BertOutput, BertSelfOutput
from transformers.models.t5.modeling_t5 import T5Attention, T5DenseActDense, T5LayerNorm

gelu_new = ACT2FN["gelu_new"]


class Candidate(nn.Module):
    """A delta module; the search writes its gate before each forward pass."""

    gate: Tensor

    def attach(self, host: nn.Module) -> None:
        # A bound method: a deep copy of the net then has hooks bound to its own candidates.
        host.register_forward_hook(self.add)

    def add(self, _host: nn.Module, inputs: tuple, output: Tensor | tuple) -> Tensor | tuple:
        """The host's output with z·δ added; attention blocks return a tuple, output first."""
        hidden = output[0] if isinstance(output, tuple) else output
        changed = hidden + self.gate * self.change(inputs[0] if inputs else hidden, hidden)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    def change(self, inputs: Tensor, output: Tensor) -> Tensor:
        raise NotImplementedError


class LoRA(Candidate):
    def __init__(self, host: nn.Linear):
        super().__init__()
        self.a = nn.Parameter(torch.empty(1, host.in_features).uniform_(-1, 1) * host.in_features**-0.5)
        self.b = nn.Parameter(torch.zeros(host.out_features, 1))

    def change(self, inputs: Tensor, output: Tensor) -> Tensor:
        return 16 * F.linear(F.linear(inputs, self.a), self.b)


class BitFit(Candidate):
    def __init__(self, width: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(width))

    def change(self, inputs: Tensor, output: Tensor) -> Tensor:
        return self.bias


class LNFit(Candidate):
    def __init__(self, host: T5LayerNorm | nn.LayerNorm):
        super().__init__()
        self.scale, self.centred = nn.Parameter(torch.zeros_like(host.weight)), isinstance(host, nn.LayerNorm)
        self.epsilon = host.eps if self.centred else host.variance_epsilon

    def change(self, inputs: Tensor, output: Tensor) -> Tensor:
        if self.centred:
            return self.scale * F.layer_norm(inputs, self.scale.shape, eps=self.epsilon)
        return self.scale * (inputs * torch.rsqrt(inputs.square().mean(-1, keepdim=True) + self.epsilon))


class LowRankAdapter(Candidate):
    def __init__(self, width: int):
        super().__init__()
        size = max(1, width // 32)

        def factor(length: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(length).uniform_(-1, 1) * (6 / (length + 1)) ** 0.5)

        self.down_left, self.down_right, self.down_bias = factor(size), factor(width), nn.Parameter(torch.zeros(size))
        self.up_left, self.up_right, self.up_bias = factor(width), factor(size), nn.Parameter(torch.zeros(width))

    def change(self, inputs: Tensor, output: Tensor) -> Tensor:
        down = torch.outer(self.down_left, self.down_right)
        up = torch.outer(self.up_left, self.up_right)
        return F.linear(gelu_new(F.linear(output, down, self.down_bias)), up, self.up_bias)


def candidates_at(name: str, host: nn.Module, width: int) -> list[tuple[nn.Module, list[Candidate]]]:
    """The candidates at a module, and what they are hooked to: of BERT's sub-layers the map before the residual sum."""
    if isinstance(host, (T5LayerNorm, nn.LayerNorm)):
        return [(host, [LNFit(host), BitFit(width)])]
    if isinstance(host, T5DenseActDense) or (isinstance(host, T5Attention) and "EncDec" not in name):
        return [(host, [LowRankAdapter(width)])]
    if isinstance(host, (BertSelfOutput, BertOutput)):
        return [(host.dense, [LowRankAdapter(width)])]
    inner = ("SelfAttention", "DenseReluDense", "encoder.layer")
    if isinstance(host, nn.Linear) and any(part in name for part in inner):
        return [(host, [LoRA(host), BitFit(host.out_features)])]
    return []


def attach_mixed_space(model: nn.Module) -> nn.ModuleList:
    """S³Delta-M: every candidate of the space, attached, in the order of the backbone's modules."""
    width, candidates = getattr(model.config, "d_model", None) or model.config.hidden_size, nn.ModuleList()
    for name, module in list(model.named_modules()):
        for host, found in candidates_at(name, module, width):
            for candidate in found:
                candidate.attach(host)
                candidates.append(candidate)
    return candidates
