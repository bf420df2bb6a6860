"""What a run can be told; `pretrain.py` makes a flag of each. The defaults are the released model's."""

from dataclasses import dataclass


@dataclass
class Options:
    minutes: float
    batch_size: int = 256
    optimiser: str = "muon"
    rate: float = 0.012
    weight_decay: float = 0.0004
    precision: str = "bfloat16"
    sentences: int = 280_000
    sentence_tokens: int = 8192
    teacher_weight: float = 0.1
    replaced_windows: int = 128
    replaced_weight: float = 3.0
    neighbour_pairs: int = 200_000
    altered_pairs: int = 200_000
    acceptable_rows: int = 280_000
    order_rows: int = 100_000
    supervised_repeats: int = 3
    mixture_tokens: int = 24576
    mixture_weight: float = 0.5
    seed: int = 1
    threads: int = 2
    checkpoint_minutes: float = 3.0
    evaluate_minutes: float = 2.4
