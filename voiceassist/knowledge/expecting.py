"""What a recogniser is told to expect of a clinic's questions. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# about 115 tokens: with 700 characters the recogniser got 20% of all words wrong, not 9%
_PROMPT_CHARACTERS = 420
# medicines that clinics prescribe or ask about most, by general knowledge; recognisers miss them
_COMMON = (
    "metformin", "lisinopril", "amlodipine", "atorvastatin", "simvastatin", "levothyroxine",
    "omeprazole", "losartan", "metoprolol", "gabapentin", "sertraline", "amoxicillin",
    "azithromycin", "clarithromycin", "ciprofloxacin", "doxycycline", "nitrofurantoin",
    "acetaminophen", "ibuprofen", "naproxen", "prednisone", "warfarin", "apixaban",
    "rivaroxaban", "enoxaparin", "heparin", "clopidogrel", "furosemide", "insulin", "albuterol",
    "tramadol", "morphine", "ceftriaxone", "vancomycin",
)  # fmt: skip


def expectations(drug_names: Iterable[str]) -> str:
    """The recogniser's prompt: this clinic's drugs, those first that are spoken of most."""
    clinic = dict.fromkeys(drug_names)
    known = [name for name in _COMMON if name in clinic]
    names: list[str] = []
    left = _PROMPT_CHARACTERS
    for name in dict.fromkeys((*known, *clinic, *_COMMON)):
        left -= len(name) + 2
        if left < 0:
            break
        names.append(name)
    return f"Medicines: {', '.join(names)}."
