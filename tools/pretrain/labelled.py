"""The labelled rows of the mixture: two GLUE training sets, in exactly the text of the tasks in `src/tasks/glue`."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from batches import LABELLED_ORDER
from mixture import Kind, Row


@dataclass(frozen=True)
class GlueTask:
    name: str
    source: str
    labels: tuple[str, ...]


# Only these two: every other task must be new to the model that is tuned on it.
GLUE_TASKS = (
    GlueTask("MNLI", "mnli premise: {text_a} hypothesis {text_b}", ("entailment", "neutral", "contradiction")),
    GlueTask("QQP", "qqp question1: {text_a} question2: {text_b}", ("0", "1")),
)


def _read(glue: Path, task: GlueTask) -> list[dict[str, str]]:
    files = sorted((glue / task.name).glob("sample*.train.json"))
    if not files:
        raise SystemExit(f"{glue / task.name}: no sample*.train.json; give another --glue, or none at all")
    rows = [row for file in files for row in json.loads(file.read_text(encoding="utf-8")).values()]
    return [{key: " ".join(value.split()) for key, value in row.items()} for row in rows]


def read_glue(glue: Path, repeats: int, seed: int) -> tuple[list[Kind], list[tuple[str, str]]]:
    """The training rows at hand (`sample*.train.json`: an object of rows by number), and their pairs without the labels."""
    rng = np.random.default_rng([seed, LABELLED_ORDER])
    kinds, pairs = [], []
    for task in GLUE_TASKS:
        read = _read(glue, task)
        rows = [read[index] for index in rng.permutation(len(read))]
        pairs += [(row["text_a"], row["text_b"]) for row in rows]
        written = [Row(task.source.format(**row), str(task.labels.index(row["label"]))) for row in rows]
        kinds.append(Kind(task.name, written, repeats))
    return kinds, [pairs[index] for index in rng.permutation(len(pairs))]
