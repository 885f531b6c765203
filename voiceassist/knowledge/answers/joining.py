"""A model's words in the stead of quotations, as far as those support them (law 2). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.knowledge.answers.answer import Answer
from voiceassist.knowledge.answers.asked import about
from voiceassist.knowledge.answers.prompting import NOTHING
from voiceassist.knowledge.answers.support import supported
from voiceassist.knowledge.search.strength import ENOUGH
from voiceassist.knowledge.text.sentences import sentences


def join(said: Answer, written: str) -> Answer:
    """`said` in the words of `written`; a sentence that is not supported is left to the quotation.

    Each sentence cites the quotations that support it, and a quotation is left out only where
    all that was written stood and cites it.
    """
    texts = [" ".join(written[span.start : span.end].split()) for span in sentences(written)]
    stood = [one for text in texts if (one := _composed(text, said.sources)) is not None]
    if not stood or NOTHING in written:
        return said
    cited = {source for one in stood for source in one.sources}
    all_stood = len(stood) == len(texts)
    kept = [
        one
        for one in said.sentences
        if one.kind == "quote" and not (all_stood and set(one.sources) <= cited)
    ]
    leads = [one for one in said.sentences if one.kind == "lead"]
    notices = [one for one in said.sentences if one.kind == "notice"]
    return Answer(said.found, (*leads, *stood, *kept, *notices), said.sources)


def _composed(text: str, sources: Sequence[Source]) -> Sentence | None:
    by = tuple(source for source in sources if supported(text, [source]))
    if not by and not supported(text, sources):
        return None
    return Sentence(text=text, kind="composed", sources=by or tuple(sources))


def report(query: str, said: Answer, passages: Sequence[Passage]) -> dict[str, object]:
    """The answer and what it rests on, for `--json`; `weak` tells what was near, and why not."""
    weak = [
        {
            "document": one.document,
            "version": one.version,
            "title": one.title,
            "place": one.place,
            "strength": round(one.strength, 3),
            "why": "weak" if one.strength < ENOUGH else "of something else",
        }
        for one in passages
        if one.strength < ENOUGH or not about(query, one)
    ]
    return {
        "found": said.found,
        "strength": round(max((one.strength for one in passages), default=0.0), 3),
        "sentences": [one.model_dump(mode="json") for one in said.sentences],
        "sources": [one.model_dump(mode="json") for one in said.sources],
        "weak": weak,
    }
