"""Greedy answers of Hugging Face's generate for the rows of a file, in batches padded to their longest row, float32."""

import torch

from common import parser, prepare, row_batches, serve


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--answer", type=int, default=3, help="most tokens of an answer")
    chosen = arguments.parse_args()
    model = prepare(chosen).eval()
    model.generation_config.use_cache = True
    batches = row_batches(chosen)

    @torch.inference_mode()
    def step() -> float:
        for batch in batches:
            sources = {name: batch[name] for name in ("input_ids", "attention_mask")}
            model.generate(**sources, do_sample=False, num_beams=1, max_new_tokens=chosen.answer)
        return 0.0

    serve(step)


if __name__ == "__main__":
    main()
