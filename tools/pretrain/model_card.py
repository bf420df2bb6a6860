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

It exists so that the software can be tried, tested and measured without a download. It was pre-trained on {tokens_millions:.1f} million
tokens of text{beside}: less than any published T5. It is not a model to deploy.

## Training

* Objective: span corruption as T5's: 15 % of the tokens, mean span 3, inputs of 128 tokens, targets of 29, no padding.
{objectives}{start}
* {steps:,} steps of {batch_size} sequences, {tokens:,} tokens of text ({passes:.2f} passes over the corpus); {optimiser}; seed {seed}.
* {minutes:.1f} minutes of clock time, {machine}.
* Held-out loss: **{held_out:.3f}** nats a target token, the mean over the {held_out_windows:,} held-out windows (0.5 %).
  Windows are held out at random, so a held-out window can be from the same document as a training window, and the
  co-occurrence counts of the embeddings' start include the held-out windows.
  With the input of another window instead of its own the loss is {mismatched:.3f}.

The recipe is `tools/pretrain`. Training losses are means over the 25 steps up to the line; tokens are those of all objectives.

{curve}

{scores}## Data

All sources of the classes `open` and `research`. The `research` sources are for research use only, so use the weights for
research only. The vocabulary is made from the same sources. {labels}
`glue_superglue_train` is unlabelled text of training splits only.

Text of reviews, news, the web and books carries the views and prejudices of its writers, and nothing was filtered out: what the
model writes or how it scores a text may repeat them. English only.

| source | style | MB | class | licence |
|---|---|---:|---|---|
{sources}
"""

FROM_NOTHING = """* Start: embeddings from co-occurrence counts of the whole corpus ({corpus_tokens:,} tokens), the rest initialised as
  `tools/pretrain/README.md` says."""

FROM_WEIGHTS = """* Start: the weights that this folder held before. What its card said of their training:
{training}"""

TEACHER = """* Objective: the encoder's states, averaged over a sentence and mapped by a linear head that is not part of the model, learn
  the sentence vectors of all-MiniLM-L6-v2 (Apache-2.0): angle and contrast within the batch, {sentences:,} sentences of the corpus seen
  ({tokens:,} tokens), weight {weight}. {cosine:.3f} is the mean cosine to the teacher's vectors of 1,024 sentences that were held out.
"""

REPLACED = """* Objective: which tokens of {windows:,} windows ({tokens:,} tokens) were replaced, swapped or left out, read off the encoder's states by a
  linear head that is not part of the model, weight {weight}. {auc:.3f} is the area under the ROC curve on windows that were held out.
"""

MIXTURE = """* Objective: {rows:,} rows seen ({tokens:,} tokens) of a mixture in text form, the answer after `<extra_id_0>`, weight {weight}. In
  brackets, on 256 rows of each that were held out: the share of right answers, or the correlation of the numbers written with the true ones.
{kinds}"""

# What the model was asked, by the kind's name in the measures.
KINDS = {
    "Mnli": "MNLI's training rows, as `s3delta` writes them",
    "Qqp": "QQP's training rows, likewise",
    "Written": "the same rows' pairs, their labels unread, with five times the teacher's cosine as the answer",
    "Neighbours": "up to {neighbour_pairs:,} sentences of the corpus, each with one near it or any other, likewise",
    "Altered": "up to {altered_pairs:,} sentences, each with itself after one to five random edits, likewise",
    "Acceptable": "up to {acceptable_rows:,} sentences: as they were written, or after a random slip or two?",
    "Order": "up to {order_rows:,} pairs of sentences: does the second follow the first, come before it, or neither?",
}

NO_LABELS = "No label of any task was used;"
GLUE_LABELS = (
    "Of labels, those of the training rows of MNLI and QQP at hand (samples of 10,000 each) were used, and no others: MNLI is under\n"
    "the terms of its own licence (OANC and others), QQP under Quora's terms (non-commercial)."
)


def _curve(points: list[dict]) -> str:
    every = max(1, len(points) // CURVE_ROWS)
    shown = [p for index, p in enumerate(points) if index % every == 0 or "heldOutLoss" in p or p is points[-1]]
    names = list(points[-1]["losses"]) if points else []
    measures = [name for name in ("heldOutLoss", "heldOutTeacherCosine") if any(name in p for p in points)]
    titles = {"heldOutLoss": "held-out spans (first 512 windows)", "heldOutTeacherCosine": "held-out cosine to the teacher"}
    header = ["step", "minutes", "tokens", *names, *(titles[name] for name in measures)]
    lines = [f"| {' | '.join(header)} |", f"|{'---:|' * len(header)}"]
    for p in shown:
        losses = [f"{p['losses'][name]:.3f}" for name in names]
        cells = [f"{p['step']:,}", f"{p['minutes']:.1f}", f"{p['tokens']:,}", *losses]
        lines.append(f"| {' | '.join([*cells, *(str(p.get(name, '')) for name in measures)])} |")
    return "\n".join(lines)


def _start(card: str | None, corpus_tokens: int) -> str:
    """`card` is that of the folder whose weights the run began with, if it did."""
    if card is None:
        return FROM_NOTHING.format(corpus_tokens=corpus_tokens)
    training = card.split("## Training\n\n", 1)[1].split("\n\n", 1)[0]
    return FROM_WEIGHTS.format(training="\n".join(f"  {line}" for line in training.splitlines()))


def _objectives(state: dict) -> str:
    options, seen, text = state["options"], state["seen"], ""
    if "teacher" in seen:
        items, tokens = seen["teacher"]["items"], seen["teacher"]["tokens"]
        cosine = state["held_out"]["heldOutTeacherCosine"]
        text += TEACHER.format(sentences=items, tokens=tokens, weight=options["teacher_weight"], cosine=cosine)
    if "mixture" in seen:
        items, tokens = seen["mixture"]["items"], seen["mixture"]["tokens"]
        measures = {kind: state["held_out"].get(f"heldOut{kind}") for kind in KINDS}
        kinds = [f"  * {KINDS[kind].format(**options)} [{value:.2f}]\n" for kind, value in measures.items() if value is not None]
        text += MIXTURE.format(rows=items, tokens=tokens, weight=options["mixture_weight"], kinds="".join(kinds))
    if "replaced" in seen:
        items, tokens = seen["replaced"]["items"], seen["replaced"]["tokens"]
        auc = state["held_out"]["heldOutReplacedAuc"]
        text += REPLACED.format(windows=items, tokens=tokens, weight=options["replaced_weight"], auc=auc)
    return text


def model_card(
    state: dict, sources: list[Source], corpus_tokens: int, machine: str, scores: str | None, start: str | None
) -> str:
    """`state` is a checkpoint of a finished run, `start` the card of the folder it began with; `scores` what the finished
    model was measured to do, in Markdown."""
    options, held_out, spans = state["options"], state["held_out"], state["seen"]["spans"]
    return CARD.format(
        parameters=sum(weight.numel() for weight in state["model"].values()),
        tokens=spans["tokens"],
        tokens_millions=spans["tokens"] / 1e6,
        objectives=_objectives(state),
        start=_start(start, corpus_tokens),
        beside=" beside those of the weights it began with" if start else "",
        passes=spans["tokens"] / corpus_tokens,
        steps=state["step"],
        batch_size=options["batch_size"],
        optimiser="Muon for the matrices and AdamW for the rest" if options["optimiser"] == "muon" else "AdamW",
        seed=options["seed"],
        minutes=state["elapsed"] / 60,
        machine=machine,
        held_out=held_out["heldOutLoss"],
        mismatched=held_out["mismatchedLoss"],
        held_out_windows=held_out["heldOutWindows"],
        curve=_curve(state["curve"]),
        scores=f"## Scores\n\n{scores.strip()}\n\n" if scores else "",
        labels=GLUE_LABELS if state["labelled"] else NO_LABELS,
        sources="\n".join(
            f"| {s.name} | {s.style} | {s.bytes / 1e6:.1f} | {s.licence_class} | {s.licence} |" for s in sources
        ),
    )
