"""Training steps of Hugging Face PEFT: LoRA r = 8 on SelfAttention.{q,v}, loss + backward + AdamW, float32."""

import peft
import torch

from common import parser, prepare, row_batches, serve


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--compile", action="store_true", help="compile the model with torch.compile")
    arguments = options.parse_args()
    lora = peft.LoraConfig(
        task_type=peft.TaskType.SEQ_2_SEQ_LM, r=8, lora_alpha=16, lora_dropout=0.0, target_modules=r".*SelfAttention\.(q|v)"
    )
    model = peft.get_peft_model(prepare(arguments), lora)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trainable, lr=3e-4, weight_decay=0)
    batches = row_batches(arguments)
    if arguments.compile:
        model.compile()

    def step() -> float:
        for batch in batches:
            optimiser.zero_grad()
            loss = model(**batch).loss
            loss.backward()
            optimiser.step()
        return loss.item()

    serve(step, peft=peft.__version__, parameters=sum(parameter.numel() for parameter in trainable))


if __name__ == "__main__":
    main()
