"""The prompt for the local model: few words, two examples, and leave to say nothing."""

from __future__ import annotations

from collections.abc import Sequence

from voiceassist.contract.knowledge import Source
from voiceassist.engines.ports import Prompt

NOTHING = "NOT IN SOURCES"
_WORDS = 110  # of sources; with instructions and examples about 300 tokens
_SYSTEM = f"""\
You help a clinician by voice. Use only the sources. Copy every number, dose, drug name and \
"not" exactly as written. Answer in one or two short sentences, no lists. \
If the sources do not answer, write exactly: {NOTHING}

Sources: Ibuprofen is given at 5 to 10 mg per kg every 6 to 8 hours. Do not give it under 3 months.
Question: how often can a child have ibuprofen
Answer: Ibuprofen is given every 6 to 8 hours. Do not give it under 3 months.

Sources: Wash hands before and after each patient.
Question: what is the dose of heparin
Answer: {NOTHING}"""


def compose_prompt(query: str, sources: Sequence[Source]) -> Prompt:
    """Ask a small model to join and shorten `sources` into an answer to `query`.

    Each sentence that comes back must pass `supported` before it is spoken.
    """
    quoted: list[str] = []
    left = _WORDS
    for source in sources:
        words = source.quote.split()
        if len(words) > left:
            break
        quoted.append(f"{source.title}: {' '.join(words)}")
        left -= len(words)
    if not quoted and sources:
        quoted.append(f"{sources[0].title}: {' '.join(sources[0].quote.split()[:_WORDS])}")
    user = f"Sources: {' '.join(quoted)}\nQuestion: {query.strip()}\nAnswer:"
    return Prompt(system=_SYSTEM, user=user, max_tokens=72)
