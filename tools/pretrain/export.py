"""A checkpoint as a model folder in the format of Hugging Face transformers."""

import argparse
import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from model import Config
from tokenizer_files import write_tokenizer_files
from vocabulary import EOS_ID, PAD_ID

ATTENTION_LAYERS = {"self_attention": "SelfAttention", "cross_attention": "EncDecAttention"}


def _attention(state: dict, prefix: str, to: str) -> dict[str, torch.Tensor]:
    key, value = state[f"{prefix}.key_value"].chunk(2)
    maps = {"q": state[f"{prefix}.query"], "k": key, "v": value, "o": state[f"{prefix}.output"]}
    return {f"{to}.{name}.weight": weight for name, weight in maps.items()}


def hugging_face_weights(state: dict[str, torch.Tensor], config: Config) -> dict[str, torch.Tensor]:
    """The model's tensors, taken apart where they are fused, under Hugging Face's names."""
    weights = {"shared.weight": state["shared"]}
    for stack in ("encoder", "decoder"):
        weights[f"{stack}.final_layer_norm.weight"] = state[f"{stack}.final_norm.weight"]
        bias = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        weights[bias] = state[f"{stack}.relative_bias"]
        attentions = ["self"] if stack == "encoder" else ["self", "cross"]
        for index in range(config.num_layers):
            block = f"{stack}.blocks.{index}"
            for position, kind in enumerate(attentions):
                layer = f"{stack}.block.{index}.layer.{position}"
                name = ATTENTION_LAYERS[f"{kind}_attention"]
                weights |= _attention(state, f"{block}.{kind}_attention", f"{layer}.{name}")
                weights[f"{layer}.layer_norm.weight"] = state[f"{block}.{kind}_norm.weight"]
            layer = f"{stack}.block.{index}.layer.{len(attentions)}"
            weights[f"{layer}.layer_norm.weight"] = state[f"{block}.feed_forward_norm.weight"]
            weights[f"{layer}.DenseReluDense.wi.weight"] = state[f"{block}.wi"]
            weights[f"{layer}.DenseReluDense.wo.weight"] = state[f"{block}.wo"]
    return weights


def to_half(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """float16, refused where a weight would not survive it."""
    half = {}
    for name, weight in weights.items():
        half[name] = weight.to(torch.float16).contiguous()
        error = (half[name].float() - weight.float()).norm() / weight.float().norm()
        if not torch.isfinite(half[name]).all() or error > 1e-3:
            raise SystemExit(f"{name}: does not fit float16 (relative error {error:.2g})")
    return half


def hugging_face_config(config: Config) -> dict:
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "vocab_size": config.vocab_size,
        "d_model": config.d_model,
        "d_kv": config.d_kv,
        "d_ff": config.d_ff,
        "num_heads": config.num_heads,
        "num_layers": config.num_layers,
        "num_decoder_layers": config.num_layers,
        "relative_attention_num_buckets": config.num_buckets,
        "relative_attention_max_distance": config.max_distance,
        "layer_norm_epsilon": config.epsilon,
        "feed_forward_proj": "relu",
        "dropout_rate": 0.1,
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "tie_word_embeddings": True,
        "use_cache": True,
        "pad_token_id": PAD_ID,
        "eos_token_id": EOS_ID,
        "decoder_start_token_id": PAD_ID,
        "torch_dtype": "float16",
        # No key of transformers: s3delta reads it.
        "answers_after_sentinel": True,
    }


def write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def export(run: Path, out: Path, card: str | None = None) -> None:
    """Writes every file beside `out` first, then moves each into its place, so that a reader never sees half a file."""
    state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    config = Config()
    staging = out.with_name(f".{out.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    out.mkdir(parents=True, exist_ok=True)
    weights = to_half(hugging_face_weights(state["model"], config))
    save_file(weights, staging / "model.safetensors", metadata={"format": "pt"})
    (staging / "config.json").write_text(json.dumps(hugging_face_config(config), indent=2) + "\n")
    write_tokenizer_files(run / "spiece.model", staging)
    if card is not None:
        (staging / "README.md").write_text(card, encoding="utf-8")
    elif (out / "README.md").exists():
        shutil.copy(out / "README.md", staging / "README.md")
    write_sums(staging)
    for path in staging.iterdir():
        path.chmod(0o644)  # safetensors makes its file private
        os.replace(path, out / path.name)
    staging.rmdir()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    export(arguments.run, arguments.out)
