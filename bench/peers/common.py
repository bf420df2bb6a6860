"""What the peers share: random-weight T5s and fetched encoders, one batch, and the line protocol `npm run bench` drives them by.

A peer prints {"ready": true, …}, then answers every line "step" with one JSON line; it ends with its input. So steps of
several programs can be taken in turn on the same cores.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, PreTrainedModel, T5Config, T5ForConditionalGeneration
from transformers.utils import logging

# d_model, d_ff, heads, layers a stack
SIZES = {"t5-small": (512, 2048, 8, 6), "t5-base": (768, 3072, 12, 12), "t5-large": (1024, 4096, 16, 24)}


def parser(description: str | None) -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--model", default="t5-small", help=f"{', '.join(SIZES)}, or the folder of an encoder")
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of PyTorch")
    arguments.add_argument("--device", default="cpu", help="where PyTorch computes: cpu or cuda")
    arguments.add_argument("--batch", type=int, default=16, help="examples in a batch")
    arguments.add_argument("--source", type=int, default=128, help="tokens of a source")
    arguments.add_argument("--target", type=int, default=4, help="tokens of a target")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--rows", type=Path, help="JSON file of token ids: a step is then a pass over its rows")
    return arguments


def writes(arguments: argparse.Namespace) -> bool:
    """Whether the model answers by texts; an encoder says one of two classes."""
    return arguments.model in SIZES


def prepare(arguments: argparse.Namespace) -> PreTrainedModel:
    """A T5 v1.0 with random weights, or an encoder with a fresh head, in float32, frozen, without dropout."""
    logging.set_verbosity_error()
    torch.set_num_threads(arguments.threads)
    # Whatever is made from here on lies there.
    torch.set_default_device(arguments.device)
    torch.manual_seed(arguments.seed)
    if not writes(arguments):
        model = AutoModelForSequenceClassification.from_pretrained(
            arguments.model, num_labels=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        return model.to(arguments.device).requires_grad_(False).train()
    d_model, d_ff, heads, layers = SIZES[arguments.model]
    config = T5Config(
        vocab_size=32128, d_model=d_model, d_ff=d_ff, num_heads=heads, num_layers=layers,
        dropout_rate=0.0, decoder_start_token_id=0, use_cache=False,
    )  # fmt: skip
    return T5ForConditionalGeneration(config).requires_grad_(False).train()


def random_batch(arguments: argparse.Namespace) -> dict[str, Tensor]:
    def ids(length: int) -> Tensor:
        tokens = torch.randint(2, 30000, (arguments.batch, length))
        tokens[:, -1] = 1
        return tokens

    source = ids(arguments.source)
    labels = ids(arguments.target) if writes(arguments) else torch.arange(arguments.batch) % 2
    return {"input_ids": source, "attention_mask": torch.ones_like(source), "labels": labels}


def row_batches(arguments: argparse.Namespace) -> list[dict[str, Tensor]]:
    """The rows of the file in their order, each batch padded to its longest; one random batch where no file is given."""
    if arguments.rows is None:
        return [random_batch(arguments)]

    def padded(rows: list[list[int]], filler: int) -> Tensor:
        longest = max(map(len, rows))
        return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])

    rows, batches = json.loads(arguments.rows.read_text()), []
    for start in range(0, len(rows), arguments.batch):
        part = rows[start : start + arguments.batch]
        source = padded([row["source"] for row in part], 0)
        is_text = "target" in part[0]
        labels = padded([row["target"] for row in part], -100) if is_text else torch.tensor([row["class"] for row in part])
        mask = padded([[1] * len(row["source"]) for row in part], 0)
        types = {"token_type_ids": padded([row["types"] for row in part], 0)} if "types" in part[0] else {}
        batches.append({"input_ids": source, "attention_mask": mask, "labels": labels, **types})
    return batches


def peak_bytes() -> int | None:
    """The process's largest resident set so far; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def answer(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def serve(step: Callable[[], float], **about: object) -> None:
    """`step` takes one step and returns its loss."""
    answer(ready=True, torch=torch.__version__, threads=torch.get_num_threads(), **about)
    for line in sys.stdin:
        command = line.strip()
        if command != "step":
            answer(error=f"unknown command {command!r}")
            continue
        started, used = time.perf_counter(), time.process_time()
        loss = step()
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        answer(seconds=seconds, processorSeconds=processor, loss=loss, peakBytes=peak_bytes())
