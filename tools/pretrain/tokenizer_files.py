"""tokenizer.json and its companions from spiece.model, in the layout of the published T5 tokenizers."""

import json
from pathlib import Path

from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from vocabulary import EOS_ID, NUM_SENTINELS, UNK_ID

MAX_LENGTH = 512
SENTINELS = [f"<extra_id_{index}>" for index in range(NUM_SENTINELS)]


def build_tokenizer(spiece_model: Path) -> Tokenizer:
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(spiece_model.read_bytes())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    # <extra_id_0> takes the highest id.
    pieces += [(sentinel, 0.0) for sentinel in reversed(SENTINELS)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=UNK_ID, byte_fallback=False))
    charsmap = proto.normalizer_spec.precompiled_charsmap
    # SentencePiece also strips the ends and merges runs of spaces; WhitespaceSplit below does so for spaces, and the
    # character map has turned the other blanks into spaces by then.
    tokenizer.normalizer = normalizers.Precompiled(charsmap)
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", EOS_ID)]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in ["<pad>", "</s>", "<unk>", *SENTINELS]])
    return tokenizer


def write_tokenizer_files(spiece_model: Path, out: Path) -> None:
    build_tokenizer(spiece_model).save(str(out / "tokenizer.json"), pretty=False)
    special = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "additional_special_tokens": SENTINELS}
    settings = special | {
        "tokenizer_class": "T5Tokenizer",
        "extra_ids": NUM_SENTINELS,
        "model_max_length": MAX_LENGTH,
        "clean_up_tokenization_spaces": False,
    }
    for name, content in (("special_tokens_map.json", special), ("tokenizer_config.json", settings)):
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (out / "spiece.model").write_bytes(spiece_model.read_bytes())
