"""What a run can be told; `pretrain.py` makes a flag of each."""

from dataclasses import dataclass


@dataclass
class Options:
    minutes: float
    batch_size: int = 24
    optimiser: str = "muon"
    rate: float = 0.02
    precision: str = "bfloat16"
    sentences: int = 280_000
    sentence_tokens: int = 2048
    teacher_weight: float = 0.06
    neighbour_pairs: int = 200_000
    altered_pairs: int = 200_000
    acceptable_rows: int = 280_000
    order_rows: int = 100_000
    supervised_repeats: int = 3
    mixture_tokens: int = 2048
    mixture_weight: float = 0.2
    seed: int = 1
    threads: int = 2
    checkpoint_minutes: float = 3.0
    evaluate_minutes: float = 8.0
