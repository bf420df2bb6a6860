"""Adapters as PEFT's users have them. Reads a list of orders as JSON from standard input, each with base, config of the
adapter, the folder to save it in, perhaps labels, and a batch of ids, labels and types by row; makes each adapter with
weights as training makes them, saves it, and prints the logits of all, read again."""

import json
import sys

import peft
import torch
from transformers import AutoModelForSeq2SeqLM, AutoModelForSequenceClassification


def make(order):
    torch.manual_seed(0)
    loader = AutoModelForSequenceClassification if order.get("labels") else AutoModelForSeq2SeqLM
    options = {"num_labels": order["labels"]} if order.get("labels") else {}
    options |= {"dtype": torch.float32, "ignore_mismatched_sizes": True}
    model = loader.from_pretrained(order["base"], **options)
    kinds = {"LORA": peft.LoraConfig, "IA3": peft.IA3Config}
    config = dict(order["config"])
    model = peft.get_peft_model(model, kinds[config.pop("peft_type")](**config))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(order["out"])
    # Saving sorts the patterns, of which the first that fits counts: what the folder holds is what comes out of it.
    model = peft.PeftModel.from_pretrained(loader.from_pretrained(order["base"], **options), order["out"])
    model.eval()
    logits = []
    for row in order["batch"]:
        read = {"input_ids": torch.tensor([row["ids"]])}
        if row.get("types"):
            read["token_type_ids"] = torch.tensor([row["types"]])
        if row.get("labels"):
            read["labels"] = torch.tensor([row["labels"]])
        with torch.no_grad():
            logits.append(model(**read).logits.flatten().tolist())
    return logits


print(json.dumps([make(order) for order in json.load(sys.stdin)]))
