"""The training text: which sources are used, and their lines."""

import csv
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USED_LICENCE_CLASSES = ("open", "research")


@dataclass(frozen=True)
class Source:
    name: str
    style: str
    licence: str
    licence_class: str
    bytes: int
    path: Path


def read_sources(corpus: Path) -> list[Source]:
    """The sources of MANIFEST.tsv whose licence class allows this use, ordered by name."""
    with open(corpus / "MANIFEST.tsv", encoding="utf-8", newline="") as manifest:
        # Fields hold bare double quotes, so the table is read without a quoting rule.
        rows = list(csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE))
    used = [row for row in rows if row["licence_class"] in USED_LICENCE_CLASSES]
    sources = [
        Source(
            name=row["source"],
            style=row["style"],
            licence=row["licence"],
            licence_class=row["licence_class"],
            bytes=int(row["bytes"]),
            path=corpus / f"{row['source']}.txt.xz",
        )
        for row in used
    ]
    if not sources:
        raise SystemExit(f"{corpus}/MANIFEST.tsv names no source of the classes {USED_LICENCE_CLASSES}")
    return sorted(sources, key=lambda source: source.name)


def read_lines(source: Source) -> Iterator[str]:
    """One document or paragraph a line; empty lines are left out."""
    with lzma.open(source.path, "rt", encoding="utf-8", newline="\n") as text:
        for line in text:
            line = line.strip()
            if line:
                yield line
