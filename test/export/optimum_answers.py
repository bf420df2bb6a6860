"""What Optimum answers with exported graphs. Reads a list of questions as JSON from standard input, each with a folder,
batches of texts and, for a model that writes, the most tokens of an answer; prints for each its answers' tokens, or the
logits, batch by batch."""

import json
import sys

import torch
from optimum.onnxruntime import ORTModelForSeq2SeqLM, ORTModelForSequenceClassification
from transformers import PreTrainedTokenizerFast


def answer(asked):
    writes = asked.get("maxTokens")
    loader = ORTModelForSeq2SeqLM if writes else ORTModelForSequenceClassification
    model = loader.from_pretrained(asked["folder"])
    # By tokenizer.json, whatever class a later transformers has noted.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(asked["folder"])
    answers = []
    for texts in asked["batches"]:
        read = tokenizer(texts, padding=True, return_tensors="pt")
        if writes:
            answers.append(model.generate(**read, max_new_tokens=writes, do_sample=False, num_beams=1).tolist())
        else:
            with torch.no_grad():
                answers.append(model(**read).logits.tolist())
    return answers


print(json.dumps([answer(asked) for asked in json.load(sys.stdin)]))
