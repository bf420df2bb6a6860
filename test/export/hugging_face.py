"""What transformers and PEFT compute with exported models. Reads a list of questions as JSON from standard input, each
with base, perhaps adapter and labels, and a batch of ids and types by row; prints a list of answers."""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification


def answer(asked):
    options = {"num_labels": asked["labels"]} if asked.get("labels") else {}
    # A base has no head yet, or another one.
    options |= {"ignore_mismatched_sizes": True, "dtype": torch.float32}
    model = AutoModelForSequenceClassification.from_pretrained(asked["base"], **options)
    config, name = model.config, type(model).__name__
    if asked.get("adapter"):
        model = PeftModel.from_pretrained(model, asked["adapter"])
    model.eval()
    logits = []
    for row in asked["batch"]:
        read = {"input_ids": torch.tensor([row["ids"]])}
        if row.get("types"):
            read["token_type_ids"] = torch.tensor([row["types"]])
        with torch.no_grad():
            logits.append(model(**read).logits[0].tolist())
    labels = [config.id2label[key] for key in sorted(config.id2label)]
    return {"logits": logits, "labels": labels, "problem": config.problem_type, "class": name}


print(json.dumps([answer(asked) for asked in json.load(sys.stdin)]))
