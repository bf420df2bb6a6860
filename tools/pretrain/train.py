"""The training loop: a run of given minutes that can be stopped and continued at any moment."""

import ctypes
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from batches import Batches, held_out_loss
from model import T5, Config
from optimiser import build_optimisers, schedule, set_rates
from workers import Workers

LOG_EVERY_STEPS = 25
# The curve is measured on the first windows of the held-out slice; the last number is of the whole slice.
CURVE_WINDOWS = 512


@dataclass
class Options:
    minutes: float
    batch_size: int = 24
    optimiser: str = "muon"
    rate: float = 0.02
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


def train(run: Path, embeddings: torch.Tensor, training: np.ndarray, held_out: np.ndarray, options: Options) -> dict:
    """Trains until `options.minutes` of running time are used, over all resumed runs; returns the final state."""
    device = prepare_machine()
    torch.manual_seed(options.seed)
    model = T5(Config())
    model.shared.data.copy_(embeddings)
    model.to(device)
    workers = Workers(options.threads)
    optimisers = build_optimisers(model, options.optimiser, options.rate, workers)
    checkpoint = run / "checkpoint.pt"
    step, cursor, elapsed, curve = 0, 0, 0.0, []
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        for optimiser, saved in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        step, cursor, elapsed, curve = state["step"], state["cursor"], state["elapsed"], state["curve"]
        print(f"resumed at step {step}, {elapsed / 60:.1f} minutes", flush=True)

    budget, begun = options.minutes * 60, time.monotonic() - elapsed
    batches, window_length = Batches(training, options.batch_size, options.seed, device), training.shape[1]
    last_saved, last_evaluated = elapsed, elapsed
    recent, recent_since, recent_cursor = [], elapsed, cursor

    def state_now() -> dict:
        states = [optimiser.state_dict() for optimiser in optimisers]
        return {
            "model": model.state_dict(), "optimisers": states, "step": step, "cursor": cursor, "elapsed": elapsed,
            "curve": curve, "window_length": window_length, "options": asdict(options),
        }  # fmt: skip

    while elapsed < budget:
        inputs, targets = batches.at(cursor)
        loss = workers.loss_and_gradients(model, inputs, targets)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        set_rates(optimisers, schedule(step, elapsed / budget))
        for optimiser in optimisers:
            optimiser.step()
        step, cursor = step + 1, cursor + len(inputs)
        recent.append(loss)
        elapsed = time.monotonic() - begun

        if step % LOG_EVERY_STEPS == 0:
            mean = torch.stack(recent).mean().item()
            speed = (cursor - recent_cursor) * window_length / (elapsed - recent_since)
            point = {"step": step, "minutes": round(elapsed / 60, 2), "tokens": cursor * window_length,
                     "loss": round(mean, 4), "tokensPerSecond": round(speed)}  # fmt: skip
            if elapsed - last_evaluated > options.evaluate_minutes * 60:
                curve_windows = held_out[:CURVE_WINDOWS]
                point["heldOutLoss"] = round(held_out_loss(model, curve_windows, options.seed, device), 4)
                last_evaluated = elapsed
            curve.append(point)
            print(json.dumps(point), flush=True)
            recent, recent_since, recent_cursor = [], elapsed, cursor
        if elapsed - last_saved > options.checkpoint_minutes * 60:
            save_checkpoint(checkpoint, state_now())
            last_saved = elapsed

    final = state_now() | {
        "held_out_loss": held_out_loss(model, held_out, options.seed, device),
        "mismatched_loss": held_out_loss(model, held_out, options.seed, device, mismatched=True),
        "held_out_windows": len(held_out),
    }
    save_checkpoint(checkpoint, final)
    print(json.dumps({"steps": step, "tokens": cursor * window_length, "heldOutLoss": final["held_out_loss"]}), flush=True)
    return final
