from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from voiceassist.engines.profile import RerankProfile, load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.rerank import CrossEncoder
from voiceassist.engines.runtimes import Tensors

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "fever", "cough", "rash", "child"]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    path = tmp_path / "tokenizer.json"
    made.save(str(path))
    return path


def overlap(given: Tensors) -> list[Any]:
    """A model whose logit counts the words of the text that the question holds."""
    logits = []
    for ids, types in zip(given["input_ids"], given["token_type_ids"], strict=True):
        asked = {i for i, t in zip(ids, types, strict=True) if t == 0 and i > 3}
        logits.append(sum(int(i) in asked for i, t in zip(ids, types, strict=True) if t == 1))
    return [np.array(logits, dtype=np.float32)[:, np.newaxis]]


def test_texts_are_scored_in_their_order(tokenizer: Path) -> None:
    """Each score is of its own text, whatever the batches, and lies between 0 and 1."""
    encoder = CrossEncoder(overlap, INPUTS, tokenizer, model="m")
    texts = ["rash", "fever cough child", "fever"] * 7
    scores = encoder.rerank("fever cough", texts)
    assert scores.shape == (21,)
    assert scores[:3] == pytest.approx([0.5, 0.8808, 0.7311], abs=1e-3)
    assert np.array_equal(scores[:3], scores[-3:])
    assert encoder.rerank("fever", []).shape == (0,)


def test_long_texts_are_cut_and_questions_are_not(tokenizer: Path) -> None:
    """A pair never exceeds what the model reads; the question stays whole."""
    widths = []

    def run(given: Tensors) -> list[Any]:
        widths.append(given["input_ids"].shape[1])
        return overlap(given)

    score = CrossEncoder(run, INPUTS, tokenizer, model="m").rerank("cough", ["fever " * 900])
    assert widths == [512]
    assert score == pytest.approx([0.5])


def test_a_profile_without_a_reranker_makes_none(store: Any) -> None:
    """The slot is optional; where it is filled, its model is among the board's."""
    profile = load_profile("generic-x86")
    assert Engines(profile, store).reranker() is None
    part = RerankProfile(model="cross", runtime="onnxruntime", threads=1)
    assert "cross" in profile.model_copy(update={"rerank": part}).models
