"""Training steps of Hugging Face PEFT: LoRA r = 8 on queries and values, loss + backward + AdamW, float32."""

import peft
import torch

from common import parser, prepare, row_batches, serve, writes

# Of T5, BERT and MPNet.
PLACES = r".*(SelfAttention\.(q|v)|attention\.self\.(query|value)|attention\.attn\.(q|v))"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--compile", action="store_true", help="compile the model with torch.compile")
    arguments = options.parse_args()
    task = peft.TaskType.SEQ_2_SEQ_LM if writes(arguments) else peft.TaskType.SEQ_CLS
    lora = peft.LoraConfig(task_type=task, r=8, lora_alpha=16, lora_dropout=0.0, target_modules=PLACES)
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
