"""The training loop: a run of given minutes that can be stopped and continued at any moment."""

import ctypes
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from model import T5
from objectives import Objective, Piece
from optimiser import build_optimisers, schedule, set_rates
from workers import Workers

LOG_EVERY_STEPS = 25


@dataclass
class Options:
    minutes: float
    batch_size: int = 24
    optimiser: str = "muon"
    rate: float = 0.02
    precision: str = "bfloat16"
    sentences: int = 280_000
    sentence_tokens: int = 2048
    teacher_weight: float = 0.06
    similarity_pairs: int = 40_000
    mixture_tokens: int = 1024
    mixture_weight: float = 0.1
    supervised_repeats: int = 2
    seed: int = 1
    threads: int = 2
    checkpoint_minutes: float = 3.0
    evaluate_minutes: float = 8.0


def prepare_machine() -> torch.device:
    torch.set_flush_denormal(True)
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        # Large buffers are otherwise returned to the system and faulted in again every step: a sixth of its time.
        trim_threshold, top_pad, mmap_max = -1, -2, -4
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(top_pad, 100 * 2**20)
    if torch.cuda.is_available():
        torch.backends.cuda.matmul.allow_tf32 = True
        return torch.device("cuda")
    return torch.device("cpu")


def save_checkpoint(path: Path, state: dict) -> None:
    unfinished = path.with_suffix(".partial")
    with open(unfinished, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def in_precision(piece: Piece, weight: float, device: torch.device, precision: str) -> Callable[[], Tensor]:
    """The weighted piece with its matrix products in `precision`; weights, sums, norms and losses stay float32."""

    def run() -> Tensor:
        # No cache: each weight is read once in a piece, and a cached copy would be shared by threads.
        with torch.autocast(device.type, torch.bfloat16, precision == "bfloat16", cache_enabled=False):
            return piece() * weight

    return run


def train(run: Path, model: T5, head: nn.Module | None, objectives: Sequence[Objective], options: Options) -> dict:
    """Trains until `options.minutes` of running time are used, over all resumed runs; returns the final state.

    `head` holds the parameters of the objectives that are not the model's.
    """
    device = next(model.parameters()).device
    workers = Workers(options.threads)
    optimisers = build_optimisers(model, head, options.optimiser, options.rate, workers)
    parameters = [parameter for module in (model, head) if module is not None for parameter in module.parameters()]
    checkpoint = run / "checkpoint.pt"
    step, elapsed, curve = 0, 0.0, []
    seen = {objective.name: {"items": 0, "tokens": 0} for objective in objectives}
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        if head is not None:
            head.load_state_dict(state["head"])
        for optimiser, saved in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        step, elapsed, curve, seen = state["step"], state["elapsed"], state["curve"], state["seen"]
        print(f"resumed at step {step}, {elapsed / 60:.1f} minutes", flush=True)

    budget, begun = options.minutes * 60, time.monotonic() - elapsed
    last_saved, last_evaluated = elapsed, elapsed
    recent, recent_since = [], elapsed

    def tokens_seen() -> int:
        return sum(of_objective["tokens"] for of_objective in seen.values())

    recent_tokens = tokens_seen()

    def state_now() -> dict:
        return {
            "model": model.state_dict(), "head": head.state_dict() if head is not None else {},
            "optimisers": [optimiser.state_dict() for optimiser in optimisers], "step": step, "elapsed": elapsed,
            "curve": curve, "seen": seen, "options": asdict(options),
        }  # fmt: skip

    while elapsed < budget:
        batches = [objective.batch(step) for objective in objectives]
        pieces, owners = [], []
        for index, (objective, batch) in enumerate(zip(objectives, batches, strict=True)):
            pieces += [in_precision(piece, objective.weight, device, options.precision) for piece in batch.pieces]
            owners += [index] * len(batch.pieces)
            seen[objective.name]["items"] += batch.items
            seen[objective.name]["tokens"] += batch.tokens
        weighted = workers.losses_and_gradients(parameters, pieces)
        of_objective = torch.zeros(len(objectives), device=device)
        recent.append(of_objective.index_add_(0, torch.tensor(owners, device=device), torch.stack(weighted)))
        nn.utils.clip_grad_norm_(parameters, 1.0)
        set_rates(optimisers, schedule(step, elapsed / budget))
        for optimiser in optimisers:
            optimiser.step()
        step += 1
        elapsed = time.monotonic() - begun

        if step % LOG_EVERY_STEPS == 0:
            means = torch.stack(recent).mean(0).tolist()
            speed = (tokens_seen() - recent_tokens) / (elapsed - recent_since)
            point = {"step": step, "minutes": round(elapsed / 60, 2), "tokens": tokens_seen(), "tokensPerSecond": round(speed),
                     "losses": {o.name: round(mean / o.weight, 4) for o, mean in zip(objectives, means, strict=True)}}  # fmt: skip
            if elapsed - last_evaluated > options.evaluate_minutes * 60:
                for objective in objectives:
                    point |= objective.held_out(thorough=False)
                last_evaluated = elapsed
            curve.append(point)
            print(json.dumps(point), flush=True)
            recent, recent_since, recent_tokens = [], elapsed, tokens_seen()
        if elapsed - last_saved > options.checkpoint_minutes * 60:
            save_checkpoint(checkpoint, state_now())
            last_saved = elapsed

    final = state_now() | {"held_out": {}}
    for objective in objectives:
        final["held_out"] |= objective.held_out(thorough=True)
    save_checkpoint(checkpoint, final)
    print(json.dumps({"steps": step, "seen": seen} | final["held_out"]), flush=True)
    return final
