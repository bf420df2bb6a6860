"""A run that begins with the weights of a finished model folder: a checkpoint is larger, and seldom kept."""

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file

from export import hugging_face_weights
from model import T5


def take_vocabulary(folder: Path, spiece_model: Path) -> None:
    """The folder's vocabulary for the run, refused where the run has begun with another one."""
    theirs = folder / "spiece.model"
    if not spiece_model.exists():
        shutil.copyfile(theirs, spiece_model)
    elif spiece_model.read_bytes() != theirs.read_bytes():
        raise SystemExit(f"{spiece_model} is not the vocabulary of {folder}: give another --run")


def take_weights(folder: Path, model: T5) -> None:
    saved = load_file(folder / "model.safetensors")
    # Views of the model's own tensors, so that what is written to them is written to the model.
    for name, weight in hugging_face_weights(model.state_dict(), model.config).items():
        weight.copy_(saved[name])
