"""README.md of the model folder, from the manifest and the numbers of the run."""

from corpus import Source

CURVE_ROWS = 24

CARD = """---
language: en
library_name: transformers
pipeline_tag: text2text-generation
license: other
---
# mini

A T5 (v1.0 layout) of {parameters:,} parameters: d_model 256, d_ff 1024, 4 heads of 64, 4 encoder and 4 decoder layers, relu,
tied embeddings, vocabulary 8,128 (8,000 SentencePiece unigram pieces, 100 sentinels, 28 unused). Weights are float16.

It exists so that the software can be tried, tested and measured without a download. It was pre-trained on span corruption
only, on {tokens_millions:.1f} million tokens of text: far less than any published T5, and it shows. It is not a model to deploy.

## Training

* Objective: span corruption as T5's: 15 % of the tokens, mean span 3, inputs of 128 tokens, targets of 29, no padding.
* Start: embeddings from co-occurrence counts of the whole corpus ({corpus_tokens:,} tokens), the rest initialised as
  `tools/pretrain/README.md` says.
* {steps:,} steps of {batch_size} sequences, {tokens:,} tokens of text ({passes:.2f} passes over the corpus); {optimiser}; seed {seed}.
* {minutes:.0f} minutes of clock time, {machine}.
* Held-out loss: **{held_out:.3f}** nats a target token, the mean over the {held_out_windows:,} held-out windows ({held_out_tokens:,} tokens of text, 0.5 %).
  Windows are held out at random, so a held-out window can be from the same document as a training window, and the
  co-occurrence counts of the embeddings' start include the held-out windows.
  With the input of another window instead of its own the loss is {mismatched:.3f}.

| step | minutes | tokens | training loss | held-out loss (first 512 windows) |
|---:|---:|---:|---:|---:|
{curve}

Training loss is the mean over the 25 steps up to the line. The recipe is `tools/pretrain`.

## Data

All sources of the classes `open` and `research`. The `research` sources are for research use only, so use the weights for
research only. The vocabulary is made from the same sources. No label of any task was used; `glue_superglue_train` is unlabelled text of training splits only.

| source | style | MB | class | licence |
|---|---|---:|---|---|
{sources}
"""


def _curve(points: list[dict]) -> str:
    every = max(1, len(points) // CURVE_ROWS)
    shown = [p for index, p in enumerate(points) if index % every == 0 or "heldOutLoss" in p or p is points[-1]]
    return "\n".join(
        f"| {p['step']:,} | {p['minutes']:.0f} | {p['tokens']:,} | {p['loss']:.3f} | {p.get('heldOutLoss', '')} |" for p in shown
    )


def model_card(state: dict, sources: list[Source], corpus_tokens: int, machine: str) -> str:
    """`state` is a checkpoint of a finished run."""
    options = state["options"]
    tokens = state["cursor"] * state["window_length"]
    return CARD.format(
        parameters=sum(weight.numel() for weight in state["model"].values()),
        tokens=tokens,
        tokens_millions=tokens / 1e6,
        corpus_tokens=corpus_tokens,
        passes=tokens / corpus_tokens,
        steps=state["step"],
        batch_size=options["batch_size"],
        optimiser="Muon for the matrices and AdamW for the rest" if options["optimiser"] == "muon" else "AdamW",
        seed=options["seed"],
        minutes=state["elapsed"] / 60,
        machine=machine,
        held_out=state["held_out_loss"],
        mismatched=state["mismatched_loss"],
        held_out_windows=state["held_out_windows"],
        held_out_tokens=state["held_out_windows"] * state["window_length"],
        curve=_curve(state["curve"]),
        sources="\n".join(
            f"| {s.name} | {s.style} | {s.bytes / 1e6:.1f} | {s.licence_class} | {s.licence} |" for s in sources
        ),
    )
