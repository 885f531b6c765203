"""What stands in an item's place, by its kind, and which words about it go with it. Pure.

Each rule takes the heard text and a stretch of it, and gives an `Edit`: the stretch, widened over
the words that only introduce the item ("m r n", "his phone number is"), and a neutral phrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from voiceassist.phi.bands import OLDEST, age_band, year_of
from voiceassist.phi.introducing import BORN, GOES_ON, INTRODUCED, STATED, end_of
from voiceassist.phi.lexicon import WordKind, load_lexicon
from voiceassist.phi.normalise import normalise
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.wordlists import split_words

PATIENT, CLINICIAN, CLINIC, TOWN = "the patient", "a clinician", "a clinic", "a town"


@dataclass(frozen=True, slots=True)
class Stretch:
    """`text[start:end]`, where one or more items of a kind overlap; words of a patient."""

    text: str = field(repr=False)
    start: int
    end: int
    kind: str

    @property
    def before(self) -> str:
        """What was said before it."""
        return self.text[: self.start]

    @property
    def own(self) -> str:
        """Its own words."""
        return self.text[self.start : self.end]

    @property
    def after(self) -> str:
        """What was said after it."""
        return self.text[self.end :]


@dataclass(frozen=True, slots=True)
class Edit:
    """`phrase` in the place of `[start, end)`; `whom` is the patient's name where that goes."""

    start: int
    end: int
    phrase: str
    whom: str = field(default="", repr=False)


def _any(words: frozenset[str]) -> str:
    return "|".join(sorted(words))


_RELATIONS = v.PEOPLE & frozenset(
    split_words(
        """
        mother father mom dad sister brother son daughter wife husband aunt uncle cousin
        grandmother grandfather niece nephew friend neighbor boss employer coworker colleague
        partner roommate caregiver twin widow
        """
    )
)
_TITLED = end_of(rf"(?:\b(?:{_any(v.TITLES)})\b\.?\s+)+")
_CLINICAL = re.compile(r"\b(?:dr|doctor|prof|professor|nurse)\b", re.IGNORECASE)
_OWNER = re.compile(r"['\u2019]s?\W*$")
_REST_OF_NAME = re.compile(r"['\u2019](?!\w)|(?<=\b\w)\.")
_NAMED = end_of(r"(?:\b(?:named|called|nicknamed|spelled|spelt|spelling)\W+)+")
_NAME_IS = end_of(
    r"\b(?:(?:whose|his|her|their|the|this|my|patient'?s?|pt'?s?)\s+)*"
    r"(?:(?:first|last|full|maiden|given|legal)\s+)*(?:sur)?name(?:\s+(?:is|was|of))?\W+"
)
_PERSON = end_of(rf"\b({_any(v.PEOPLE)}|years?[\s-]olds?|yo)\W+")
_BARE = end_of(
    r"(?:^|\b(?:for|with|of|to|in|on|does|did|is|was|has|should|can|could|may|and|if|about|when|"
    r"regarding)\s+|[,.;?!]\s*)((?:patient|pt|client|resident)\W+)"
)
_ARTICLE = end_of(r"\b(?:the|a|an|my|our|this|that|your)\s+")
_PREDICATE = re.compile(
    r"\s*(?:is|was|has|had|needs?|takes?|with|who|on|presents?|should|can|may|wants?|gets?|had|"
    r"came|developed|reports?|complains?)\b",
    re.IGNORECASE,
)
_NEEDS = re.compile(
    r"\s*(?:has|had|needs?|takes?|presents?|wants?|gets?|developed|reports?)\b", re.IGNORECASE
)
_FACILITY = re.compile(
    rf"\b(?:{_any(v.FACILITY_HEADS)}|center|centre|medical|health|practice|"
    rf"{'|'.join(sorted(v.KNOWN_FACILITIES))})\b",
    re.IGNORECASE,
)
_KINDS_OF_PLACE = end_of(rf"\b(?:the|a|an|my|our)\s+(?:(?:{_any(v.GENERIC_PLACES)})\s+){{0,2}}")
_NAMED_ON = re.compile(
    r"(?:[\s-]+(?:general|presbyterian|methodist|baptist|memorial|regional|community|medical|"
    r"hospital|clinic|health|care|center|centre|(?:and|&)\s+(?:women|children)['\u2019]s))+\b",
    re.IGNORECASE,
)
_AROUND = re.compile(r"\s+(?:area|region|county|suburbs?)\b", re.IGNORECASE)
_FROM_TOWN = end_of(rf"(?:(?<=\b)(?:{_any(v.PEOPLE)})\b|^|,)(\s*(?:from|in|of|near|outside)\s+)")
_LIVES_AT = end_of(r"\b(?:live[sd]?|living|resid(?:es|ing|ed))\s+(at|on|in)\s+")
_PREPOSITION = end_of(
    r"\b(?:(on|in|at|of|since|from|by|until|before|after|for|dated?)\s+)(?:the\s+)?"
)
_CENTURY = end_of(r"\b(?:twenty|nineteen|two\s+thousand)")
_YEAR_GOES_ON = re.compile(
    r"\s+(?:and\s+)?(?:oh\s+)?(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?|ten|eleven|twelve|\w+teen|one|two|"
    r"three|four|five|six|seven|eight|nine)\b(?!\s+(?:year|month|week|day|mg|milli|micro|percent))",
    re.IGNORECASE,
)
_PREPOSITION_INSIDE = re.compile(r"(on|in|at|of|since|from|by|until)\s", re.IGNORECASE)
_AHEAD = re.compile(
    r"\b(?:scheduled|appointment|upcoming|will|due|next|book(?:ed)?)\b", re.IGNORECASE
)
_AGE_LEAD = re.compile(
    r"((?:(?:he|she|they|who|the|my|our|patient|pt)\s+)*)(is|was|now|just|turn(?:s|ed|ing))\b",
    re.IGNORECASE,
)
_NOUN = (
    r"wom[ae]n|m[ae]n|females?|males?|ladies|lady|gentleman|patients?|pt|resident|person|veteran|"
    r"mother|father|grandmother|grandfather|widow"
)
_AGED_NOUN = re.compile(rf"[\s-]*((?:[a-z]+\s+){{0,2}}?(?:{_NOUN}))\b", re.IGNORECASE)
_AN = end_of(r"\ban\s+")


def edit_of(stretch: Stretch, today: date) -> Edit | None:
    """What to put for a stretch; None for a kind that nothing neutral can stand for."""
    rule = _RULES.get(stretch.kind)
    return None if rule is None else rule(stretch, today)


def titled(stretch: Stretch) -> bool:
    """Whether a title stands before it."""
    return _TITLED.search(stretch.before) is not None


def _name(stretch: Stretch, _today: date) -> Edit:
    start, clinical = stretch.start, False
    if title := _TITLED.search(stretch.before):
        start, clinical = title.start(), _CLINICAL.search(title[0]) is not None
    clinical = clinical or _CLINICAL.match(stretch.own) is not None
    before = stretch.text[:start]
    owner = _OWNER.search(stretch.own)
    whom = stretch.own[: owner.start()] if owner else stretch.own.strip(" .,;:?!")
    more = None if owner else _REST_OF_NAME.match(stretch.text, stretch.end)
    suffix = "'s" if owner or (more and more[0] != ".") else ""
    end = more.end() if more else stretch.end
    if clinical:
        return Edit(_without_article(before), end, CLINICIAN + suffix)
    if found := _NAMED.search(before):
        before = before[: found.start()]
    elif found := _NAME_IS.search(before):
        phrase = PATIENT if _PREDICATE.match(stretch.after) else ""
        return Edit(found.start(), end, phrase, whom)
    if found := _BARE.search(before):
        return Edit(found.start(1), end, PATIENT + suffix, whom)
    if found := _PERSON.search(before):
        relation = found[1].lower() in _RELATIONS
        start = found.end(1)
        return Edit(start, end, suffix, "" if relation else whom)
    if _told_already(before):
        return Edit(len(before.rstrip(" ,")), end, suffix, whom)
    return Edit(_without_article(before), end, PATIENT + suffix, whom)


def _told_already(before: str) -> bool:
    """As in "a man with asthma john smith who": the name only repeats whom it is about."""
    words = re.findall(r"[\w']+", before.lower())
    if not words or v.PEOPLE.isdisjoint(words):
        return False
    ill = load_lexicon().is_any(words[-1], WordKind.MEDICAL) and words[-1] not in v.STOPS
    return ill or before.rstrip().endswith(",")


def _without_article(before: str) -> int:
    found = _ARTICLE.search(before)
    return found.start() if found else len(before)


def _unique(stretch: Stretch, today: date) -> Edit:
    if any(map(str.isdigit, normalise(stretch.own).text)) or not re.search(
        r"[a-z]{4}", stretch.own.lower()
    ):
        return _dropped(stretch, today)
    if re.match(r"(?:room|bed|bay|cubicle|pod|exam|locker)\b", stretch.own, re.IGNORECASE):
        return _dropped(stretch, today)
    return Edit(_without_article(stretch.before), stretch.end, PATIENT)


def _place(stretch: Stretch, _today: date) -> Edit:
    named_on = _NAMED_ON.match(stretch.after)
    if named_on or _FACILITY.search(stretch.own.replace("-", " ")):
        found = _KINDS_OF_PLACE.search(stretch.before)
        end = stretch.end + (named_on.end() if named_on else 0)
        return Edit(found.start() if found else stretch.start, end, CLINIC)
    if found := _FROM_TOWN.search(stretch.before):
        return Edit(found.start(1), stretch.end, "")
    around = _AROUND.match(stretch.after)
    end = stretch.end + (around.end() if around else 0)
    return Edit(_without_article(stretch.before), end, TOWN)


def _address(stretch: Stretch, today: date) -> Edit:
    if found := _LIVES_AT.search(stretch.before):
        phrase = TOWN if found[1].lower() == "in" else "an address"
        return Edit(stretch.start, stretch.end, phrase)
    return _dropped(stretch, today)


def _dropped(stretch: Stretch, _today: date) -> Edit:
    found = INTRODUCED.search(stretch.before)
    start, end = found.start() if found else stretch.start, stretch.end
    if not stretch.text[:start].strip() and _NEEDS.match(stretch.after):
        return Edit(start, end, PATIENT)  # "m r n 441296 needs potassium"
    if found is None:
        return Edit(start, end, "")
    if STATED.search(found[0]) and (goes_on := GOES_ON.match(stretch.after)):
        end += goes_on.end()
    return Edit(start, end, "")


def _date(stretch: Stretch, today: date) -> Edit:
    if _CENTURY.search(stretch.own) and (goes_on := _YEAR_GOES_ON.match(stretch.after)):
        stretch = replace(stretch, end=stretch.end + goes_on.end())
    if found := BORN.search(stretch.before):
        return _birth(stretch, found, today)
    year = year_of(stretch.own, today)
    found = _PREPOSITION.search(stretch.before)
    start = found.start() if found else stretch.start
    inside = _PREPOSITION_INSIDE.match(stretch.own)
    lead = found[1].lower() if found else inside[1].lower() if inside else ""
    if year is not None:
        kept = lead if lead in {"since", "from", "by", "until", "before", "after"} else "during"
        return Edit(start, stretch.end, f"{kept} {year}")
    ahead = _AHEAD.search(stretch.text) or re.match(r"next\b", stretch.own, re.IGNORECASE)
    if lead in {"since", "from"}:
        return Edit(start, stretch.end, "for some time")
    if ahead or lead not in {"on", "in", "at", ""}:
        return Edit(start, stretch.end, "")
    return Edit(start, stretch.end, "recently")


def _birth(stretch: Stretch, found: re.Match[str], today: date) -> Edit:
    band = age_band(stretch.own, today)
    who = re.sub(r"\s+", " ", (found["who"] or "").lower())
    stated = {
        "his": "he is ", "her": "she is ", "their": "they are ", "whose": "who is ",
        "the patient's": f"{PATIENT} is ", "patient's": f"{PATIENT} is ",
    }  # fmt: skip
    verb = "is " if found["was"] else ""
    if found["is"] and who in stated:
        verb = stated[who]
    if band is None:
        if verb:  # "he was born on june third" has no other verb
            born = found["cue"].lower() == "born"
            start, phrase = (found.end("cue"), "on a date") if born else (stretch.start, "a date")
            return Edit(start, stretch.end, phrase)
        return Edit(found.start(), stretch.end, "")
    return Edit(found.start(), stretch.end, verb + band)


def _age(stretch: Stretch, _today: date) -> Edit:
    if lead := _AGE_LEAD.match(stretch.own):
        kept = "is" if lead[2].lower().startswith("turn") else lead[2]
        return Edit(stretch.start, stretch.end, f"{lead[1]}{kept} {OLDEST}")
    if re.match(r"(?:in|age[ds]?)\b", stretch.own, re.IGNORECASE):
        return Edit(stretch.start, stretch.end, OLDEST)
    an = _AN.search(stretch.before)
    start, article = (an.start(), "a ") if an else (stretch.start, "")
    own = re.search(rf"({_NOUN})\W*$", stretch.own, re.IGNORECASE)
    noun = own or _AGED_NOUN.match(stretch.after)
    end = stretch.end if own or noun is None else stretch.end + noun.end()
    if noun is not None:
        return Edit(start, end, f"{article}{noun[1]} {OLDEST}")
    if _ARTICLE.search(stretch.before):
        return Edit(start, end, f"{article}patient {OLDEST}")
    return Edit(start, end, OLDEST)


_RULES: dict[str, Callable[[Stretch, date], Edit]] = {
    "NAME": _name, "UNIQUE_ID": _unique, "LOCATION": _place, "ADDRESS": _address,
    "DATE": _date, "AGE": _age,
    **dict.fromkeys(
        ("PHONE", "FAX", "EMAIL", "SSN", "MRN", "PLAN", "ACCOUNT", "LICENCE", "VEHICLE", "DEVICE",
         "URL", "IP", "ID"), _dropped,
    ),
}  # fmt: skip
