"""The network: MiniLM's encoder, told for each word what the lexicon knows of it.

Its vocabulary is trimmed to what the canonical form can hold (ASCII), which halves the file.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from voiceassist.phi.lexicon.features import FEATURES

KINDS = ("FREE", "NAME", "LOCATION", "DATE", "AGE", "CONTACT", "ID")


class Tagger(torch.nn.Module):
    """Piece ids (b, n), word features (b, n, f), mask (b, n) to logits (b, n, kinds)."""

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.known = torch.nn.Linear(FEATURES, width, bias=False)
        torch.nn.init.normal_(self.known.weight, std=0.02)
        self.drop = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(width, len(KINDS))

    def forward(
        self, ids: torch.Tensor, known: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The logits."""
        words = self.encoder.embeddings.word_embeddings(ids) + self.known(known)
        mask = torch.ones_like(ids) if mask is None else mask
        hidden = self.encoder(inputs_embeds=words, attention_mask=mask).last_hidden_state
        return self.head(self.drop(hidden))


def trimmed_tokenizer(path: Path) -> tuple[Tokenizer, list[int]]:
    """The tokenizer with ASCII pieces only, and the old ids of what is kept."""
    described = json.loads(path.read_text("utf-8"))
    vocabulary = sorted(described["model"]["vocab"].items(), key=lambda item: item[1])
    kept = [(w, i) for w, i in vocabulary if w.isascii() and not w.startswith("[unused")]
    described["model"]["vocab"] = {word: new for new, (word, _) in enumerate(kept)}
    ids = {word: new for new, (word, _) in enumerate(kept)}
    for added in described["added_tokens"]:
        added["id"] = ids[added["content"]]
    processor = described["post_processor"]
    for special in processor.get("special_tokens", {}).values():
        special["ids"] = [ids[word] for word in special["tokens"]]
    described["truncation"] = described["padding"] = None
    return Tokenizer.from_str(json.dumps(described)), [old for _, old in kept]


def load_base(folder: Path, kept: list[int]) -> Tagger:
    """MiniLM with its vocabulary trimmed, and a head that knows nothing yet."""
    config = BertConfig.from_json_file(folder / "config.json")
    config.attn_implementation = "eager"
    encoder = BertModel.from_pretrained(
        folder, add_pooling_layer=False, attn_implementation="eager"
    )
    table = encoder.embeddings.word_embeddings.weight.data[kept].clone()
    encoder.embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(table, freeze=True)
    encoder.config.vocab_size = len(kept)
    return Tagger(encoder)


def export(tagger: Tagger, folder: Path) -> None:
    """`model.onnx`, int8, for one sentence at a time."""
    tagger.eval()
    full = folder / "full.onnx"
    ids = torch.ones((1, 9), dtype=torch.long)
    known = torch.zeros((1, 9, FEATURES))
    torch.onnx.export(
        tagger, (ids, known), str(full), input_names=["input_ids", "known"], output_names=["logits"],
        dynamic_axes={"input_ids": {1: "n"}, "known": {1: "n"}, "logits": {1: "n"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(
        full, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
    )  # fmt: skip
    full.unlink()
