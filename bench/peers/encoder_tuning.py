"""Trainings of a BERT classifier by transformers and PEFT, one a line of JSON read, and its answers as a line of JSON:
the same batches of ids as the other program takes, AdamW with linear decay, no dropout, float32.
"""

import argparse
import json
import re
import sys

import peft
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, PreTrainedModel, logging

Rows = list[dict]
BOTTLENECK = 24


class Adapter(nn.Module):
    """W_up gelu(W_down h + b) + b' on a sub-layer's output, before its residual sum (Houlsby et al. 2019)."""

    def __init__(self, width: int):
        super().__init__()
        self.down, self.up = nn.Linear(width, BOTTLENECK), nn.Linear(BOTTLENECK, width)
        for layer in (self.down, self.up):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.up(nn.functional.gelu(self.down(hidden)))


def lora(model: PreTrainedModel, sites: list[str]) -> nn.Module:
    places = sorted({site.split(".")[-1] for site in sites})
    config = peft.LoraConfig(
        task_type=peft.TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.0, target_modules=places
    )  # fmt: skip
    return peft.get_peft_model(model, config)


def bitfit(model: PreTrainedModel, sites: list[str]) -> nn.Module:
    for site in sites:
        model.get_submodule(site).bias.requires_grad_(True)
    return model


def adapter(model: PreTrainedModel, sites: list[str]) -> nn.Module:
    for site in sites:
        block = model.get_submodule(site)
        block.dense = nn.Sequential(block.dense, Adapter(model.config.hidden_size))
        block.dense[1].requires_grad_(True)
    return model


def fine_tuning(model: PreTrainedModel, sites: list[str]) -> nn.Module:
    return model.requires_grad_(True)


METHODS = {"lora": lora, "bitfit": bitfit, "adapter": adapter, "fine-tuning": fine_tuning}


def inputs_of(rows: Rows, pad: int) -> dict[str, Tensor]:
    longest = max(len(row["ids"]) for row in rows)

    def padded(key: str, filler: int) -> Tensor:
        return torch.tensor([row[key] + [filler] * (longest - len(row[key])) for row in rows])

    mask = torch.tensor([[1] * len(row["ids"]) + [0] * (longest - len(row["ids"])) for row in rows])
    return {"input_ids": padded("ids", pad), "token_type_ids": padded("types", 0), "attention_mask": mask}


# Where a parameter of the other program lies here.
NAMES = {
    "A": "lora_A.default.weight",
    "B": "lora_B.default.weight",
    "downWeight": "dense.1.down.weight",
    "downBias": "dense.1.down.bias",
    "upWeight": "dense.1.up.weight",
    "upBias": "dense.1.up.bias",
}


def begin_with(model: nn.Module, values: dict[str, list[float]]) -> None:
    """Sets the parameters that are given; changes of a weight begin as nothing in both programs."""
    named = dict(model.named_parameters())
    for name, given in values.items():
        site, part = name.rsplit(".", 1)
        tail = f"{site}.{NAMES.get(part, part)}"
        found = [key for key in named if key.endswith(tail) or key.endswith(tail.replace(f".{part}", f".modules_to_save.default.{part}"))]
        parameter = named[next(key for key in found if "original_module" not in key)]
        with torch.no_grad():
            parameter.copy_(torch.tensor(given).view(parameter.shape))


def train(request: dict) -> dict:
    torch.manual_seed(request["seed"])
    base = AutoModelForSequenceClassification.from_pretrained(
        request["model"], num_labels=request["outputs"], hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    pad = base.config.pad_token_id
    model = METHODS[request["method"]](base.requires_grad_(False), request["sites"])
    for name, parameter in model.named_parameters():
        if re.search(r"\bclassifier\b", name) and "original_module" not in name:
            parameter.requires_grad_(True)
    begin_with(model, request.get("initial", {}))
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    head = [parameter for name, parameter in trained if re.search(r"\bclassifier\b", name)]
    modules = [parameter for name, parameter in trained if not re.search(r"\bclassifier\b", name)]
    rates = (request["rate"], request["headRate"])
    optimiser = torch.optim.AdamW(
        [{"params": modules, "lr": rates[0]}, {"params": head, "lr": rates[1]}], weight_decay=0
    )  # fmt: skip
    steps = len(request["batches"])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    is_number, losses = request["outputs"] == 1, []
    for rows in request["batches"]:
        optimiser.zero_grad()
        labels = torch.tensor([row["answer"] for row in rows], dtype=torch.float32 if is_number else torch.long)
        loss = model(**inputs_of(rows, pad), labels=labels).loss
        loss.backward()
        nn.utils.clip_grad_norm_(modules + head, request["clipNorm"])
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return {
        "logits": answer(model.eval(), request["scored"], pad),
        "parameters": sum(parameter.numel() for parameter in modules),
        "losses": losses,
    }


@torch.inference_mode()
def answer(model: nn.Module, rows: Rows, pad: int) -> list[list[float]]:
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]["ids"]))
    logits: list[list[float]] = [[] for _ in rows]
    for start in range(0, len(order), 32):
        part = order[start : start + 32]
        for row, values in zip(part, model(**inputs_of([rows[row] for row in part], pad)).logits.tolist()):
            logits[row] = values
    return logits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for line in sys.stdin:
        print(json.dumps(train(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
