"""Checks a finished model folder: what Hugging Face transformers computes from it, and its tokenizer's ids.

Exits with 1 when a check fails. Needs the run folder for the float32 weights and for text of the corpus.
"""

import argparse
import hashlib
from pathlib import Path

import sentencepiece
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer, T5ForConditionalGeneration

from batches import corrupted
from corpus import read_lines, read_sources
from model import T5, Config
from span_corruption import window_for
from tokens import split_into_windows, tokenise
from vocabulary import EOS_ID, FIRST_SENTINEL_ID, NUM_PIECES

TEXTS = ["", " ", "a", "  two  spaces ", "Tab\tand\nline", "naïve café №5 ½ ﬁ", "don't — “quote”…", "1,234.56%", "日本語 text", "e\u0301\u200b zero"]
failures: list[str] = []


def check(name: str, passed: bool, detail: object = "") -> None:
    print(f"{'ok  ' if passed else 'FAIL'} {name} {detail}", flush=True)
    if not passed:
        failures.append(name)


def check_tokenizer(folder: Path, corpus: Path, lines_per_source: int) -> None:
    reference = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    fast = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = list(TEXTS)
    for source in read_sources(corpus):
        texts += [line for line, _ in zip(read_lines(source), range(lines_per_source), strict=False)]
    ids = [encoding.ids for encoding in fast.encode_batch(texts)]
    wrong = [text for text, got in zip(texts, ids, strict=True) if got != [*reference.encode(text), EOS_ID]]
    check("tokenizer.json gives the ids of spiece.model", not wrong, f"{len(texts)} texts, wrong: {wrong[:3]}")
    auto = AutoTokenizer.from_pretrained(folder)
    wrong = [text for text, expected in zip(texts, ids, strict=True) if auto(text)["input_ids"] != expected]
    check("AutoTokenizer gives the same ids", not wrong, f"{type(auto).__name__}, wrong: {wrong[:3]}")
    sentinels = auto.convert_tokens_to_ids(["<extra_id_0>", "<extra_id_99>"])
    check("sentinel ids", sentinels == [FIRST_SENTINEL_ID, NUM_PIECES], sentinels)
    check("sentinels in text", auto("x <extra_id_3> y")["input_ids"].count(FIRST_SENTINEL_ID - 3) == 1)


@torch.no_grad()
def check_model(folder: Path, run: Path, corpus: Path) -> None:
    state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    ours = T5(Config()).eval()
    ours.load_state_dict(state["model"])
    tokens = tokenise(read_sources(corpus), folder / "spiece.model", run / "tokens")
    _, held_out = split_into_windows(tokens, window_for(128), state["options"]["seed"])
    inputs, targets = corrupted(held_out[:64], [0], torch.device("cpu"))
    expected = ours.logits(inputs, targets)
    loss = ours(inputs, targets).item()

    theirs, report = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    unexpected = {key: list(names) for key, names in report.items() if names}
    check("loads in transformers without missing names", not unexpected, unexpected)
    result = theirs.eval()(input_ids=inputs, labels=targets)
    difference = (result.logits - expected).abs().max().item()
    check("logits as in training", difference < 0.05, f"largest difference {difference:.2g} of {expected.abs().max():.3g}")
    check("loss as in training", abs(result.loss.item() - loss) < 1e-3, f"{result.loss.item():.5f}, {loss:.5f}")

    half = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float16).eval()
    result = half(input_ids=inputs[:16], labels=targets[:16])
    difference = (result.logits.float() - expected[:16]).abs().max().item()
    finite = bool(torch.isfinite(result.logits).all())
    check("computing in float16 stays finite and close", finite and difference < 0.5, f"largest difference {difference:.2g}")

    weights = load_file(folder / "model.safetensors")
    largest = max((weight.abs().max().item(), name) for name, weight in weights.items())
    subnormal = max(((0 < w.abs()) & (w.abs() < 2**-14)).float().mean().item() for w in weights.values())
    check("weights within float16", largest[0] < 1000, f"largest {largest[0]:.3g} in {largest[1]}")
    print(f"     largest share of subnormal numbers in a tensor {subnormal:.2%}")
    filled = theirs.generate(input_ids=inputs[:2], max_new_tokens=30, do_sample=False)
    auto = AutoTokenizer.from_pretrained(folder)
    for source, output in zip(inputs, filled, strict=False):
        print(f"     in:  {auto.decode(source)}\n     out: {auto.decode(output)}")


def check_files(folder: Path) -> None:
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            check("SHA256SUMS", False, name)
    size = sum(path.stat().st_size for path in folder.iterdir())
    check("size", size <= 24e6, f"{size / 1e6:.1f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lines-per-source", type=int, default=500)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    check_files(arguments.out)
    check_tokenizer(arguments.out, arguments.corpus, arguments.lines_per_source)
    check_model(arguments.out, arguments.run, arguments.corpus)
    raise SystemExit(1 if failures else 0)
