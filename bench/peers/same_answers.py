"""Answers of other programs by exports of one run. Reads from standard input, as JSON, which programs are asked, texts
as the model reads them, the folders of its exports, the base of the adapter, and the most tokens of an answer, or the
number of classes; prints the answers' tokens, or the logits, by program."""

import json
import sys

import numpy
from transformers import AutoTokenizer

BATCH = 20

asked = json.load(sys.stdin)
writes = "maxTokens" in asked
tokenizer = AutoTokenizer.from_pretrained(asked["safetensors"])


def batches(kind):
    for start in range(0, len(asked["texts"]), BATCH):
        yield tokenizer(asked["texts"][start : start + BATCH], padding=True, return_tensors=kind)


def by_torch(model):
    import torch

    names = {"input_ids", "attention_mask"} | (set() if writes else {"token_type_ids"})
    answers = []
    with torch.no_grad():
        for batch in batches("pt"):
            read = {name: value for name, value in batch.items() if name in names}
            if writes:
                options = {"max_new_tokens": asked["maxTokens"], "do_sample": False, "num_beams": 1}
                answers += model.generate(**read, **options).tolist()
            else:
                answers += model(**read).logits.tolist()
    return answers


def load(folder, **options):
    import torch
    import transformers

    loader = transformers.AutoModelForSeq2SeqLM if writes else transformers.AutoModelForSequenceClassification
    return loader.from_pretrained(folder, dtype=torch.float32, **options).eval()


def transformers_answers():
    return by_torch(load(asked["safetensors"]))


def peft_answers():
    import peft

    base = load(asked["base"], **({} if writes else {"num_labels": asked["classes"]}))
    return by_torch(peft.PeftModel.from_pretrained(base, asked["peft"]).eval())


def optimum_answers():
    from optimum import onnxruntime

    loader = onnxruntime.ORTModelForSeq2SeqLM if writes else onnxruntime.ORTModelForSequenceClassification
    return by_torch(loader.from_pretrained(asked["onnx"]))


def onnxruntime_answers():
    import onnxruntime

    def session(name):
        return onnxruntime.InferenceSession(f"{asked['onnx']}/onnx/{name}.onnx", providers=["CPUExecutionProvider"])

    if not writes:
        model = session("model")
        names = {each.name for each in model.get_inputs()}
        return [
            row
            for batch in batches("np")
            for row in model.run(["logits"], {k: v.astype(numpy.int64) for k, v in batch.items() if k in names})[0].tolist()
        ]
    encoder, decoder = session("encoder_model"), session("decoder_model_merged")
    facts = json.load(open(f"{asked['onnx']}/s3delta.json"))["onnx"]["facts"]
    pasts = [each.name for each in decoder.get_inputs() if each.name.startswith("past_key_values")]
    answers = []
    for batch in batches("np"):
        ids, mask = (batch[name].astype(numpy.int64) for name in ("input_ids", "attention_mask"))
        [states] = encoder.run(["last_hidden_state"], {"input_ids": ids, "attention_mask": mask})
        nothing = numpy.zeros((len(ids), facts["heads"], 0, facts["headWidth"]), numpy.float32)
        said = numpy.full((len(ids), 1), facts["startId"], numpy.int64)
        # Without a cache, on purpose: the whole answer is read anew for each of its tokens.
        for _ in range(asked["maxTokens"]):
            read = {"input_ids": said, "encoder_hidden_states": states, "encoder_attention_mask": mask}
            read |= {"use_cache_branch": numpy.array([False])} | dict.fromkeys(pasts, nothing)
            [logits] = decoder.run(["logits"], read)
            said = numpy.concatenate([said, logits[:, -1:].argmax(-1)], 1)
        answers += said.tolist()
    return answers


programs = {
    "onnxruntime": onnxruntime_answers,
    "transformers": transformers_answers,
    "PEFT": peft_answers,
    "Optimum": optimum_answers,
}
print(json.dumps({name: programs[name]() for name in asked["programs"]}))
