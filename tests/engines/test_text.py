from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from voiceassist.engines.ports import Embedder
from voiceassist.engines.profile import Profile
from voiceassist.engines.registry import Engines

pytestmark = pytest.mark.weights

TEXTS = (
    "How is otitis media treated in children?",
    "Amoxicillin is the first choice for an ear infection in a child.",
    "The vaccine refrigerator is kept between two and eight degrees.",
    "",
    "word " * 600,
)


def _on(engines: Engines, runtime: str) -> Embedder:
    profile: Profile = engines.profile
    embed = profile.embed.model_copy(update={"runtime": runtime})
    return Engines(profile.model_copy(update={"embed": embed}), engines.store).embedder()


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def embedder(engines: Engines, request: pytest.FixtureRequest) -> Embedder:
    return _on(engines, request.param)


def test_vectors_are_of_unit_length(embedder: Embedder) -> None:
    """Each text, the empty and the overlong too, becomes one float32 vector of length one."""
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_what_means_the_same_lies_closer(embedder: Embedder) -> None:
    """A question is nearer to its answer than to another subject."""
    question, answer, other = embedder.embed(TEXTS[:3])
    assert question @ answer > question @ other + 0.2


def test_a_batch_gives_what_each_text_gives_alone(embedder: Embedder) -> None:
    """Padding in a batch moves a vector by no more than int8 rounding does."""
    together = embedder.embed(TEXTS[:3])
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS[:3]])
    assert (together * alone).sum(axis=1).min() > 0.97


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    """An empty batch is an empty array of the right width."""
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_threads_do_not_meet(embedder: Embedder) -> None:
    """Calls from several threads give what one thread gets."""
    wanted = [embedder.embed([text]) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: embedder.embed([text]), TEXTS * 4))
    for index, vectors in enumerate(found):
        assert np.allclose(vectors, wanted[index % len(TEXTS)], atol=1e-5)


def test_both_runtimes_agree(engines: Engines) -> None:
    """A library embedded on one runtime can be searched with queries of the other."""
    one, other = (_on(engines, name).embed(TEXTS) for name in ("onnxruntime", "openvino"))
    assert (one * other).sum(axis=1).min() > 0.97


def test_the_tagger_finds_a_person(engines: Engines) -> None:
    """A name and a phone number are spans of the text with kinds and scores."""
    text = "Please call Maria Gonzalez at 555-012-3456 about the results."
    spans = engines.phi_tagger().tag(text)
    assert "Gonzalez" in " ".join(text[span.start : span.end] for span in spans)
    assert any("PHONE" in span.kind for span in spans)
    assert all(0.0 <= span.score <= 1.0 for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_the_tagger_reads_to_the_end(engines: Engines) -> None:
    """A name beyond the model's longest window is found at its true place."""
    text = "The dose is given twice a day. " * 120 + "My name is Maria Gonzalez."
    spans = engines.phi_tagger().tag(text)
    assert any(
        text[span.start : span.end] in {"Maria", "Gonzalez", "Maria Gonzalez"} for span in spans
    )
    assert not engines.phi_tagger().tag("")
