"""What an answer looks like, by what is asked: a dose holds a number, a cause says "because"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_TABLE = (
    (
        r"dos(e|es|age|ing)|how much|how many (mg|milligrams|units|ml|tablets)",
        r"\d[\d.,]* ?(mg|milligrams?|g|grams?|mcg|micrograms?|units?|ml|tablets?|puffs?)",
    ),
    (
        r"how often|how frequently|frequency",
        r"daily|every|once|twice|times (a|per)|hourly|weekly|monthly|annual\w*|as needed",
    ),
    (
        r"how long|duration|when (should|do|to|can)|how soon|how quickly",
        r"(seconds|minutes?|hours?|days?|weeks?|months?|years?|immediately|at once)",
    ),
    (r"symptoms?|signs?|present|feel", r"symptoms?|signs?|pain|feel|include"),
    (
        r"caus(e|es|ed)|why|due to|lead to|genetic changes",
        r"caused by|causes? (of|is)|due to|results? from|because|mutations?|trigger|occurs when",
    ),
    (
        r"treat(s|ed|ing|ments?)?|therap(y|ies)|manag\w+|give|first.line|drug of choice|reverse",
        r"treat\w*|therap(y|ies)|managed?|medicines?|medications?|surgery|given?|start|first.line",
    ),
    (
        r"diagnos\w+|tests?|detect\w*|confirm\w*|work.?up",
        r"diagnos\w+|tests?|exams?|biopsy|blood|x-ray|scan|history",
    ),
    (r"prevent\w*|avoid|protect", r"prevent\w*|avoid|reduce|lower|vaccin\w+|protect"),
    (
        r"at risk|risk factors?|who gets|susceptible",
        r"risk|more likely|more common|increases?|factors?",
    ),
    (
        r"outlook|prognosis|survival|life expectancy|recover\w*",
        r"outlook|prognosis|surviv\w+|recover\w*|chance|most people|life|death|fatal",
    ),
    (
        r"how (many|common)|prevalence|incidence|affected by",
        r"(\d[\d,.]*|one) (in|percent|people|cases|per|million|births)|rare|common|prevalence",
    ),
    (r"inherit\w*", r"inherit\w*|autosomal|recessive|dominant|x-linked|each parent"),
    (
        r"complications?|harm|danger\w*|side effects?|adverse",
        r"complications?|side effects?|adverse|can (cause|lead)|risk|serious",
    ),
    (
        r"contraindicat\w+|safe|should not|can (i|we) (give|use)|interact\w*|allerg\w+",
        r"not|avoid|never|contraindicat\w+|caution|unless|safe|allerg\w+|interact\w*",
    ),
    (r"gen(e|es|etic)", r"genes?|genetic|mutations?|variants?|chromosome"),
    (r"target|range|level|threshold|normal|cut.?off|limit|maximum", r"\d[\d.,]*"),
)
_CUES = tuple(
    (re.compile(rf"\b({asked})\b", re.IGNORECASE), re.compile(rf"\b({tells})\b", re.IGNORECASE))
    for asked, tells in _TABLE
)


@lru_cache(maxsize=64)
def cues(query: str) -> Sequence[re.Pattern[str]]:
    """The patterns that a sentence answering `query` may hold."""
    return tuple(tells for asked, tells in _CUES if asked.search(query))
