"""Which words are drugs' names: a shipped list, WHO's INN stems, and what documents declare.

The names of an edition prompt the recogniser and tell the PHI gate what is no person's name,
so a word that is none must not slip in: stems that common words share are left out.
Source of the stems: WHO, "The use of stems in the selection of INN" (2024).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_STEMS = re.compile(
    r"""[a-z]{2,}(?:
        cillin|cycline|floxacin|thromycin|conazole|nidazole|bendazole|fungin|penem
      | prazole|tidine(?<!stidine)|setron|dipine|sartan|olol|opril|vastatin|azosin|thiazide
      | xaban|gatran|parin|grelor|gliptin|gliflozin|glutide|glitazone
      | (?:[lrtv]i|[xz]u|[tls]u)mab|tinib|ciclib|parib|limus
      | ciclovir|tegravir|navir|asvir|buvir|lukast|triptan|azepam|azolam|oxetine
      | profen|coxib|dronate|methasone|terol(?<!sterol)|tropium|curonium
      | platin|rubicin|taxel|semide|racetam|idone(?<!cidone)
    )""",
    re.VERBOSE,
)
_NOT_DRUGS = frozenset(
    {"alcohol", "hydridone", "polyvidone", "pyridone", "quinidone", "hepatitidine"}
)
_WORD = re.compile(r"[A-Za-z][A-Za-z]{4,}")


@cache
def known_drugs() -> frozenset[str]:
    """The shipped list, lower case."""
    text = Path(__file__).with_name("drugs.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def is_drug(word: str) -> bool:
    """Whether the single word `word` is a drug's name, by the list or by its stem."""
    lower = word.lower()
    if lower in known_drugs():
        return True
    return lower not in _NOT_DRUGS and _STEMS.fullmatch(lower) is not None


def find_drugs(text: str, declared: Iterable[str] = ()) -> tuple[str, ...]:
    """Drugs named in `text` and those `declared`, lower case, the most frequent first."""
    counts = Counter(word for word in map(str.lower, _WORD.findall(text)) if is_drug(word))
    counts.update(name.strip().lower() for name in declared if name.strip())
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def most_named(drugs: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The names in the lists of several documents, those that most documents name first.

    A recogniser can be told of some thirty names: let them be the ones that are spoken of.
    """
    counted = Counter(name for names in drugs for name in set(names))
    return tuple(sorted(counted, key=lambda name: (-counted[name], name)))
