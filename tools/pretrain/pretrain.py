"""From the corpus folder to a finished model folder: vocabulary, tokens, training, export. Resumes where it stopped."""

import argparse
import os
import platform
from dataclasses import fields
from pathlib import Path

import torch

from corpus import read_sources
from embeddings import initial_embeddings
from model import Config
from model_card import model_card
from span_corruption import window_for
from tokens import split_into_windows, tokenise
from train import Options, train
from vocabulary import train_vocabulary

INPUT_LENGTH = 128


def default_machine() -> str:
    if torch.cuda.is_available():
        return f"one {torch.cuda.get_device_name()}"
    return f"{os.cpu_count()} CPU cores ({platform.machine()}), float32"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with MANIFEST.tsv and *.txt.xz")
    parser.add_argument("--run", type=Path, required=True, help="folder for the vocabulary, tokens and checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--machine", default=default_machine(), help="the machine, in the words of the model card")
    for field in fields(Options):
        required = field.name == "minutes"
        default = None if required else field.default
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=default, required=required)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    options = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    arguments.run.mkdir(parents=True, exist_ok=True)
    sources = read_sources(arguments.corpus)
    spiece_model = arguments.run / "spiece.model"
    if not spiece_model.exists():
        train_vocabulary(sources, spiece_model, options.seed)
    tokens = tokenise(sources, spiece_model, arguments.run / "tokens")
    window = window_for(INPUT_LENGTH)
    embeddings = initial_embeddings(arguments.run / "embeddings.pt", tokens, window, Config.d_model, options.seed)
    training, held_out = split_into_windows(tokens, window, options.seed)
    print(f"{len(training)} training and {len(held_out)} held-out windows of {training.shape[1]} tokens", flush=True)
    state = train(arguments.run, embeddings, training, held_out, options)

    # Imported late: a training run should not need transformers until it has something to export.
    from export import export

    corpus_tokens = sum(len(ids) for ids in tokens.values())
    export(arguments.run, arguments.out, model_card(state, sources, corpus_tokens, arguments.machine))


if __name__ == "__main__":
    main()
