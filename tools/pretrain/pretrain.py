"""From the corpus folder to a finished model folder: vocabulary, tokens, teacher, training, export. Resumes where it stopped."""

import argparse
import os
import platform
from dataclasses import fields
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from torch import nn

from corpus import Source, read_sources
from distillation import Distillation, Head
from embeddings import initial_embeddings
from labelled import read_glue
from machine import prepare_machine
from mixture import Mixture
from model import T5, Config
from model_card import model_card
from objectives import Objective
from options import Options
from pairs import altered, neighbours, written_pairs
from replaced import Detector, ReplacedTokens, near_pieces
from self_labelled import acceptable, sentence_order
from sentences import read_sentences, sample_sentences
from span_corruption import window_for
from span_objective import SpanCorruption
from start import take_vocabulary, take_weights
from teacher import DIMENSIONS, Teaching
from tokens import split_into_windows, tokenise
from train import train
from trainer import Trainer
from vocabulary import train_vocabulary

INPUT_LENGTH = 128


def default_machine(precision: str) -> str:
    if torch.cuda.is_available():
        return f"one {torch.cuda.get_device_name()}, {precision}"
    return f"{os.cpu_count()} CPU cores ({platform.machine()}), {precision}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with MANIFEST.tsv and *.txt.xz")
    parser.add_argument("--glue", type=Path, help="GLUE's folder, for the labelled rows of MNLI and QQP; none without it")
    parser.add_argument("--start", type=Path, help="a finished model folder whose weights and vocabulary a new run begins with")
    parser.add_argument("--run", type=Path, required=True, help="folder for the vocabulary, tokens, vectors and checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--machine", help="the machine, in the words of the model card")
    parser.add_argument("--scores", type=Path, help="what the finished model scores, in Markdown, for the model card")
    for field in fields(Options):
        required = field.name == "minutes"
        default = None if required else field.default
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=default, required=required)
    return parser.parse_args()


def objectives_beside_spans(
    model: T5, sources: list[Source], windows: tuple[np.ndarray, np.ndarray], run: Path, glue: Path | None, options: Options
) -> tuple[list[Objective], nn.ModuleList]:
    """What the options ask for beside span corruption, and the parameters that are not the model's."""
    spiece_model, device = run / "spiece.model", model.shared.device
    processor = sentencepiece.SentencePieceProcessor(model_file=str(spiece_model))
    teaching = Teaching(run / "teacher", options.threads, device)
    objectives: list[Objective] = []
    heads = nn.ModuleList()
    kinds, pairs = ([], []) if glue is None else read_glue(glue, options.supervised_repeats, options.seed)
    if options.sentences > 0:
        file = sample_sentences(sources, spiece_model, options.sentences, options.seed, teaching.cache)
        vectors, sentences = teaching.vectors(file), read_sentences(file)
        if pairs:
            kinds.append(written_pairs(pairs, options.supervised_repeats, teaching))
        made = (
            (options.neighbour_pairs, lambda count: neighbours(sentences, vectors, count, options.seed, device)),
            (options.altered_pairs, lambda count: altered(sentences, vectors, count, options.seed, teaching)),
            (options.acceptable_rows, lambda count: acceptable(sentences, count, options.seed)),
        )
        kinds += [make(count) for count, make in made if count > 0]
        if options.teacher_weight > 0:
            head = Head(model.config.d_model, DIMENSIONS).to(device)
            heads.append(head)
            encoded = processor.encode(sentences, num_threads=2)
            sizes = (options.sentence_tokens, options.teacher_weight)
            objectives.append(Distillation(model, head, encoded, vectors, options.seed, *sizes))
    if options.order_rows > 0:
        kinds.append(sentence_order(sources, options.order_rows, options.seed))
    if kinds and options.mixture_weight > 0:
        objectives.append(Mixture(model, kinds, processor, options.seed, options.mixture_tokens, options.mixture_weight))
    if options.replaced_windows > 0:
        detector = Detector(model.config.d_model).to(device)
        heads.append(detector)
        sizes = (options.replaced_windows, options.replaced_weight)
        objectives.append(ReplacedTokens(model, detector, *windows, near_pieces(model.shared.detach()), options.seed, *sizes))
    return objectives, heads


def main() -> None:
    arguments = parse_arguments()
    options = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    arguments.run.mkdir(parents=True, exist_ok=True)
    sources = read_sources(arguments.corpus)
    spiece_model = arguments.run / "spiece.model"
    if arguments.start is not None:
        take_vocabulary(arguments.start, spiece_model)
    elif not spiece_model.exists():
        train_vocabulary(sources, spiece_model, options.seed)
    tokens = tokenise(sources, spiece_model, arguments.run / "tokens")
    window = window_for(INPUT_LENGTH)
    training, held_out = split_into_windows(tokens, window, options.seed)
    print(f"{len(training)} training and {len(held_out)} held-out windows of {training.shape[1]} tokens", flush=True)

    device = prepare_machine()
    torch.manual_seed(options.seed)
    model = T5(Config())
    if arguments.start is not None:
        take_weights(arguments.start, model)
    else:
        model.shared.data.copy_(initial_embeddings(arguments.run / "embeddings.pt", tokens, window, Config.d_model, options.seed))
    model.to(device)
    spans = SpanCorruption(model, training, held_out, options.batch_size, options.seed)
    windows = (training, held_out)
    others, heads = objectives_beside_spans(model, sources, windows, arguments.run, arguments.glue, options)
    state = train(arguments.run, Trainer(model, heads, [spans, *others], options))

    # Imported late: a training run should not need transformers until it has something to export.
    from export import export

    corpus_tokens = sum(len(ids) for ids in tokens.values())
    machine = arguments.machine or default_machine(options.precision)
    scores = arguments.scores and arguments.scores.read_text(encoding="utf-8")
    state["labelled"] = arguments.glue is not None
    start = arguments.start and (arguments.start / "README.md").read_text(encoding="utf-8")
    export(arguments.run, arguments.out, model_card(state, sources, corpus_tokens, machine, scores, start))


if __name__ == "__main__":
    main()
