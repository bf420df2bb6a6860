"""Classes of the rows of a file by Hugging Face's pipeline, from texts, in batches as they come, float32."""

import json

import torch
from transformers import AutoTokenizer, pipeline

from common import parser, prepare, serve


def main() -> None:
    chosen = parser(__doc__).parse_args()
    tokenizer = AutoTokenizer.from_pretrained(chosen.model)
    classify = pipeline(
        "text-classification", model=prepare(chosen).eval(), tokenizer=tokenizer, device=torch.device(chosen.device)
    )  # fmt: skip
    texts = [row["texts"] for row in json.loads(chosen.rows.read_text())]
    asked = [{"text": first, "text_pair": rest[0]} if rest else first for first, *rest in texts]

    def step() -> float:
        classify(asked, batch_size=chosen.batch, truncation=True)
        return 0.0

    serve(step)


if __name__ == "__main__":
    main()
