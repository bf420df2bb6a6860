"""The training loop: a run of given minutes that can be stopped and continued at any moment."""

import json
import os
import time
from pathlib import Path

import torch

from optimiser import schedule
from trainer import Trainer

LOG_EVERY_STEPS = 25


def save_checkpoint(path: Path, state: dict) -> None:
    unfinished = path.with_suffix(".partial")
    with open(unfinished, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def train(run: Path, trainer: Trainer) -> dict:
    """Trains until `options.minutes` of running time are used, over all resumed runs; returns the final state."""
    options, checkpoint = trainer.options, run / "checkpoint.pt"
    budget, elapsed, curve = options.minutes * 60, 0.0, []
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=trainer.device, weights_only=True)
        if state["elapsed"] >= budget and "held_out" in state:
            return state
        trainer.restore(state)
        elapsed, curve = state["elapsed"], state["curve"]
        print(f"resumed at step {trainer.steps}, {elapsed / 60:.1f} minutes", flush=True)

    begun = time.monotonic() - elapsed
    last_saved, last_evaluated = elapsed, elapsed
    recent, recent_since, recent_tokens = [], elapsed, trainer.tokens
    while elapsed < budget:
        recent.append(trainer.step(schedule(trainer.steps, elapsed / budget)))
        elapsed = time.monotonic() - begun

        if trainer.steps % LOG_EVERY_STEPS == 0:
            means = torch.stack(recent).mean(0).tolist()
            speed = (trainer.tokens - recent_tokens) / (elapsed - recent_since)
            losses = {o.name: round(mean / o.weight, 4) for o, mean in zip(trainer.objectives, means, strict=True)}
            point = {"step": trainer.steps, "minutes": round(elapsed / 60, 2), "tokens": trainer.tokens,
                     "tokensPerSecond": round(speed), "losses": losses}  # fmt: skip
            if elapsed - last_evaluated > options.evaluate_minutes * 60:
                point |= trainer.held_out(thorough=False)
                last_evaluated = elapsed
            curve.append(point)
            print(json.dumps(point), flush=True)
            recent, recent_since, recent_tokens = [], elapsed, trainer.tokens
        if elapsed - last_saved > options.checkpoint_minutes * 60:
            save_checkpoint(checkpoint, trainer.state() | {"elapsed": elapsed, "curve": curve})
            last_saved = elapsed

    held_out = trainer.held_out(thorough=True)
    final = trainer.state() | {"elapsed": elapsed, "curve": curve, "held_out": held_out}
    save_checkpoint(checkpoint, final)
    print(json.dumps({"steps": trainer.steps, "seen": trainer.seen} | held_out), flush=True)
    return final
