"""Are the folders of tools/backbones what transformers takes, and the converted ones equal to what they were made from?

    python tools/backbones/check.py FOLDER [--onnx bge-small-en-v1.5.onnx | --gguf SmolLM2-135M-Instruct.Q4_1.gguf]

Loads FOLDER and names the weights that are missing or not expected. With an ONNX file, compares the hidden states of
five texts with ONNX Runtime's; with a GGUF file, the weights with those that transformers reads in it. Ends with 1 where
they differ. Needs torch, transformers, and onnxruntime or gguf.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

TEXTS = [
    "The cat sat on the mat.",
    "A quick brown fox jumps over the lazy dog, twice!",
    "Naïve café déjà vu: 42% of 1,337?",
    "Stocks fell sharply after the central bank raised rates.",
    "x",
]

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--onnx", type=Path)
parser.add_argument("--gguf", type=Path)
args = parser.parse_args()

model, found = AutoModel.from_pretrained(args.folder, output_loading_info=True, dtype=torch.float32)
model.eval()
names = {kind: sorted(found[f"{kind}_keys"]) for kind in ("missing", "unexpected", "mismatched")}
print(type(model).__name__, f"{sum(p.numel() for p in model.parameters()):,} parameters", names)
same = not names["unexpected"] and not names["mismatched"] and all("pooler" in name for name in names["missing"])

if args.onnx:
    import onnxruntime

    batch = AutoTokenizer.from_pretrained(args.folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**batch).last_hidden_state.numpy()
    session = onnxruntime.InferenceSession(args.onnx)
    wanted = session.run(None, {one.name: batch[one.name].numpy() for one in session.get_inputs()})[0]
    read = batch["attention_mask"].numpy().astype(bool)
    difference = np.abs(states - wanted)[read].max() / np.abs(wanted[read]).max()
    print(f"hidden states differ by {difference:.1e} of the largest")
    same &= bool(difference < 1e-4)

if args.gguf:
    peer = AutoModel.from_pretrained(args.gguf.parent, gguf_file=args.gguf.name, dtype=torch.float32).state_dict()
    own = model.state_dict()
    equal = own.keys() == peer.keys() and all(torch.equal(own[name], peer[name]) for name in own)
    print("weights equal" if equal else "weights differ")
    same &= equal

sys.exit(0 if same else 1)
