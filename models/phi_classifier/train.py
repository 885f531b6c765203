"""Trains the PHI classifier and writes `model.onnx`, `tokenizer.json` and `config.json`.

    python models/phi_classifier/train.py --base FOLDER --data FOLDER --out FOLDER

`--base` holds all-MiniLM-L6-v2 (`model.safetensors`, `config.json`, `tokenizer.json`), `--data`
the development rows (its reporting part is never read). README.md names the versions. The
result depends on these, the seed and the number of threads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import rows
import torch
from generate import Example, examples
from network import KINDS, Tagger, export, load_base, trimmed_tokenizer
from tokenizers import Tokenizer

from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lexicon.features import features
from voiceassist.phi.normalise import normalise

_MOST_PIECES = 128
_VALIDATED = 12  # one group in twelve of the tuning part chooses nothing but the operating point


@dataclass(frozen=True, slots=True)
class Encoded:
    """Piece ids, word features for each piece, a kind for each piece."""

    ids: list[int]
    features: list[list[float]]
    kinds: list[int]


class Encoder:
    """Examples to what the network reads: the canonical form, word by word."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._lexicon = load_lexicon()

    def encode(self, example: Example, rng: Random | None = None) -> Encoded | None:
        """The pieces of an example; with `rng`, some words lost and the lexicon now and then unknown."""
        form = normalise(example.text)
        if not form.tokens:
            return None
        kinds = [_kind(example, token.start, token.end) for token in form.tokens]
        words = [token.text for token in form.tokens]
        if rng is not None and rng.random() < 0.3:
            kept = [i for i, kind in enumerate(kinds) if kind or rng.random() > 0.06] or [0]
            words, kinds = [words[i] for i in kept], [kinds[i] for i in kept]
        known = features(words, self._lexicon).tolist()
        if rng is not None and rng.random() < 0.08:
            known = [[0.0] * len(row) for row in known]
        encoding = self._tokenizer.encode(words, is_pretokenized=True)
        nothing = [0.0] * len(known[0])
        of_word = encoding.word_ids[:_MOST_PIECES]
        return Encoded(
            encoding.ids[:_MOST_PIECES],
            [nothing if word is None else known[word] for word in of_word],
            [0 if word is None else kinds[word] for word in of_word],
        )


def _kind(example: Example, start: int, end: int) -> int:
    for kind, begin, stop in example.spans:
        if min(end, stop) - max(start, begin) > (end - start) / 2:
            return KINDS.index(kind)
    return 0


def _validated(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[1] % _VALIDATED == 0


def epoch(folder: Path, seed: int, generated: int) -> list[Example]:
    """The examples of one pass, shuffled; a new seed gives other people and other sentences."""
    rng = Random(seed)
    real, queries = rows.positives(folder)
    made = [rows.swapped(rng, pieces) for pieces in queries]
    made += [rows.neutral(rng, pieces) for pieces in queries for _ in range(rng.choice((1, 2)))]
    free = rows.negatives(folder)
    quizzes = [text for source, text in free if source == "medquad"]
    hard = [text for source, text in free if source == "asq-phi-hardneg"]
    plain = [text for source, text in free if source not in {"medquad", "asq-phi-hardneg"}]
    texts = rng.sample(quizzes, min(len(quizzes), 2000)) + plain + hard * 3
    texts += rows.articles(folder.parent, 2500, rng)
    found = [*real, *made, *rows.heard(folder), *rows.heard(folder)]
    found += rows.others(folder, 500, rng) + rows.made_elsewhere(seed, 80)
    found += [Example(text, ()) for text in texts]
    found += list(examples(seed, generated))
    rng.shuffle(found)
    return [example for example in found if not _validated(example.text)]


def batches(encoded: Sequence[Encoded], size: int, rng: Random) -> list[list[Encoded]]:
    """Batches of sentences of like length, in random order."""
    ordered = sorted(encoded, key=lambda one: len(one.ids) + rng.random() * 4)
    made = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    rng.shuffle(made)
    return made


def padded(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, features and kinds of a batch; -100 marks padding."""
    longest = max(len(one.ids) for one in batch)
    wide = len(batch[0].features[0])
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    known = torch.zeros((len(batch), longest, wide))
    kinds = torch.full((len(batch), longest), -100, dtype=torch.long)
    for at, one in enumerate(batch):
        ids[at, : len(one.ids)] = torch.tensor(one.ids)
        known[at, : len(one.ids)] = torch.tensor(one.features)
        kinds[at, : len(one.ids)] = torch.tensor(one.kinds)
    return ids, known, kinds


def train(tagger: Tagger, encoder: Encoder, options: argparse.Namespace) -> None:
    """Passes over fresh examples, the learning rate warmed up and let down."""
    optimiser = torch.optim.AdamW(tagger.parameters(), lr=options.rate, weight_decay=0.01)
    plan = []
    for number in range(options.epochs):
        rng = Random(f"{options.seed} {number}")
        found = epoch(options.data, options.seed * 1000 + number, options.generated)
        encoded = [one for e in found if (one := encoder.encode(e, rng)) is not None]
        plan += batches(encoded, options.batch, rng)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.rate, total_steps=len(plan), pct_start=0.08
    )
    weights = torch.tensor([1.0] + [1.5] * (len(KINDS) - 1))
    loss_of = torch.nn.CrossEntropyLoss(weight=weights, ignore_index=-100)
    tagger.train()
    mean = 0.0
    for step, batch in enumerate(plan, 1):
        ids, known, kinds = padded(batch)
        logits = tagger(ids, known, (kinds != -100).long())
        loss = loss_of(logits.flatten(0, 1), kinds.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean = 0.95 * mean + 0.05 * loss.item() if step > 1 else loss.item()
        if step % 25 == 0:
            print(f"{step}/{len(plan)} loss {mean:.4f}", file=sys.stderr, flush=True)


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--generated", type=int, default=9000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.2e-4)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(2)
    tokenizer, kept = trimmed_tokenizer(options.base / "tokenizer.json")
    tokenizer.save(str(options.out / "tokenizer.json"))
    tagger = load_base(options.base, kept)
    train(tagger, Encoder(tokenizer), options)
    torch.save(tagger.state_dict(), options.out / "checkpoint.pt")
    export(tagger, options.out)
    config = {"kinds": list(KINDS), "operating_point": 0.5, "seed": options.seed}
    (options.out / "config.json").write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    main()
