"""What in a document is a patient's, and what only its authors' or a hotline's. Pure rules.

The gate holds a question for any item, since whoever asks speaks of a patient. A guideline
names its authors, its revision's date, towns and telephone numbers, and is about nobody. So
an item of the gate counts here when something ties it to one person under care:

- alone: a birth date behind its cue, a record's or social security number, a name that is
  introduced as a patient's or bears a title, a patient on the clinic's own lists;
- a name with an age, a date, a number, an address or a contact of somebody close by, unless
  it is a professional's;
- a person of an age with the date of a visit, a stay or a death;
- a contact or an address that is said to be somebody's.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from voiceassist.contract.verdict import Item
from voiceassist.phi.written import UNSURE

NEAR = 140  # characters: an entry of a list, two or three lines of a letter
_BIRTH = re.compile(
    r"(?:\bd\.?\s?o\.?\s?b\b|\bdates?\s+of\s+birth|\bbirth\s?date|\bbirthday|\bborn)"
    r"(?:\W|\b(?:is|was|on|the|it's|it|and|patient|yes|i|born)\b){0,12}$",
    re.IGNORECASE,
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_ORDINALS = r"(?:\w+th|first|second|third|(?:twenty|thirty)[\s-]\w+)\b"
_DAY = re.compile(
    rf"\d{{1,4}}\s*[/.\-]\s*\d{{1,2}}\s*[/.\-]\s*\d{{1,4}}"
    rf"|(?:{_MONTHS})[a-z]*\.?\W+(?:the\s+)?(?:\d{{1,2}}(?:st|nd|rd|th)?(?!\d)|{_ORDINALS})"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\W+(?:day\s+)?(?:of\s+)?(?:{_MONTHS})",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"(?:\b(?:patient|pt|client|resident)(?:'s|s)?(?:\s+(?:is|was))?(?:\s+(?:full\s+)?name)?"
    r"|\b(?:full\s+)?name(?:\s+is)?|\bre|\bregarding|\bnext\s+of\s+kin|\bprinted\s+for|\brx\s+for"
    r"|\bconsent|\bspecimen\s+of)\s*[:#]\s*$"
    r"|\b(?:patient|pt|case)\b(?:\s+(?:named|called|like)|,?\s+(?:mr|mrs|ms|miss)\.?|,)?\s+$"
    r"|\b(?:my|full)\s+name(?:\s+is|'s)\s+$|\bpatients?\s+(?:like|such\s+as)\s+$"
    r"|\b(?:fe)?male(?:\s+patient)?,?\s+(?:named\s+)?$|\b(?:wo)?man,?\s+(?:named\s+)?$"
    r"|\b(?:ref|ref\.|reference|referencing)\s+(?:case\s+of\s+)?$|\bcase\s+of\s+$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?:mr|mrs|ms|miss|mx|mister)\b", re.IGNORECASE)
_PROFESSION = (
    r"(?:dr|doctor|prof|professor|authors?|author's|editors?|chair|chairs|director|manager|"
    r"coordinator|lead|nurse|pharmacist|owner|officer|consultant|president|secretary|sincerely|"
    r"contact|questions|(?:written|reviewed|prepared|approved|edited|updated|authored|revised|"
    r"drafted|compiled|signed|published|endorsed)\s+by)"
)
_BEFORE_PROFESSIONAL = re.compile(rf"\b{_PROFESSION}\b[\s.:,;-]*(?:to\s+)?$", re.IGNORECASE)
_AFTER_PROFESSIONAL = re.compile(
    r"\W{0,3}(?:M\.?D\b|D\.?O\b|R\.?N\b|Ph\.?D|Pharm\.?D|N\.?P\b|P\.?A\b|BSN|MSN|MPH|MBBS|MB\b|"
    r"FRC|FAC[PS]|FAAP|et\s+al|DNP|DDS|JD\b|MSc|MA\b|RPh|"
    r"(?:\w+\s+){0,2}(?:Director|Manager|Lead|Chair|Coordinator|Nurse|Pharmacist|Consultant|"
    r"Editor|Officer|President|Secretary|Author|Foundation|Institute|Hospital|University|Center|"
    r"Centre|Department|Society|Association|Committee|Clinic)\b)"
)
_AGE = re.compile(
    r"\b\d{1,3}[\s-]*(?:year|yr|month|week|day)s?[\s-]*old\b|\b\d{1,3}\s?(?:y/?o|yo|yof|yom)\b"
    r"|\baged?\s*:?\s*\d{1,3}\b|,\s*\d{1,3}\s?[FM]?\b,|\b\d{1,3}[FM]\b|\bSex\b\s*:",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d(?:\s?[ap]\.?m\.?)?\W{1,4}$", re.IGNORECASE)  # a day's list
_SOMEBODY = re.compile(
    r"\b\d{1,3}[\s-]*(?:year|yr|month|week)s?[\s-]*old\b|\b\d{1,3}\s?(?:y/?o|yo)\b"
    r"|\b(?:the|my|our|this)\s+(?:patient|pt|child|infant|man|woman|boy|girl)\b"
    r"|\b(?:pt|he|she|his|her)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:seen|admitted|discharged|presented|presenting|presents|visited|visit|visits|died|"
    r"deceased|operated|treated|evaluated|appointment|hospitali[sz]ed|admission|discharge|"
    r"transferred|follow-?\s?up|called|examined|diagnosed|underwent|dx'?d|collected|scheduled|"
    r"procedure|check-?\s?up|consultation|lab\s+results?|referred|reviewed)\b[^;]{0,80}$",
    re.IGNORECASE,
)
_TREATED = re.compile(
    r"[\s,]{1,3}(?:who\s+)?(?:(?:is|was|has|had|been)\s+){0,2}(?:treated|seen|admitted|discharged|"
    r"diagnosed|dx'?d|operated|evaluated|hospitali[sz]ed|presented|died|visited|scheduled|transferred)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:my|his|her|their|patient'?s?|pt'?s?|home|cell|mobile|reach\s+(?:you|him|her))\b"
    r"[^.;]{0,40}$",
    re.IGNORECASE,
)
_AGED_ONE = re.compile(
    r"\b\d{1,3}[\s-]*(?:year|yr)s?[\s-]*old\s+(?:\w+\s+){0,3}(?:(?:fe)?male|(?:wo)?man|patient|boy|girl)\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b\d{1,3}[\s-]*(?:year|yr|month|week)s?[\s-]*old\b|\b\d{1,3}\s?(?:y/?o|yo|yof|yom)\b"
    r"|\b(?:the|my|our|this)\s+(?:patient|pt)\b|\b(?:pt|patient)\s+(?:w/|with|s/p)",
    re.IGNORECASE,
)
_CUED = re.compile(
    r"\b(?:tele)?(?:phone|cell|mobile|contact|fax|e-?mail|insurance|insurer|policy|member|plan|id|"
    r"hicn|record|rec|records|account|number|no)\b[^;]{0,30}$",
    re.IGNORECASE,
)
_LIVES = re.compile(
    r"\b(?:liv(?:es?|ed|ing)|resid(?:es?|ed|ing)|home\s+address|still)\b[^.;]{0,30}$", re.IGNORECASE
)
_TOLL_FREE = re.compile(r"\W*1?\W*8(?:00|33|44|55|66|77|88)\W*")
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+\s?/\s?\d+\s?mm")
_NUMBERS = frozenset({"MRN", "SSN"})
_OF_PERSONS = frozenset({
    "MRN", "SSN", "PLAN", "ACCOUNT", "UNIQUE_ID", "ID", "PHONE", "FAX", "EMAIL", "ADDRESS",
    "LICENCE", "DEVICE", "BIOMETRIC",
})  # fmt: skip
_LEAST_DIGITS = 4
_LONGEST = NEAR + 200  # an item before a name may be as long as an address
_BEFORE = 120


def patients_items(
    text: str, found: Iterable[Item], is_patient: Callable[[str], bool]
) -> tuple[Item, ...]:
    """Those items of the gate in `text` that are a patient's, by place.

    `is_patient` tells whether a stretch is a whole name on the clinic's list of patients.
    """
    items = [one for one in found if not _of_nobody(text, one)]
    kept = {one for one in items if _alone(text, one, is_patient)}
    about = [one for one in items if one.kind in _OF_PERSONS or _is_day(text, one)]
    about.sort(key=lambda one: one.start)
    starts = [one.start for one in about]
    for name in (one for one in items if _whole(text, one)):
        # by place, so that a list of a thousand patients takes no million looks
        first = bisect_left(starts, name.start - _LONGEST)
        last = bisect_right(starts, name.end + NEAR)
        near = [one for one in about[first:last] if _belongs(name, one)]
        aged = name.score > UNSURE and _aged(text, name)
        if (near or aged) and not _professional(text, name):
            kept |= {name, *near}
    return tuple(sorted(kept, key=lambda one: (one.start, one.end, one.kind)))


def _belongs(name: Item, other: Item) -> bool:
    return _gap(name, other) <= NEAR and not _within(other, name)


def _alone(text: str, item: Item, is_patient: Callable[[str], bool]) -> bool:
    before = text[max(0, item.start - _BEFORE) : item.start]
    match item.kind:
        case "NAME":
            return _names_a_patient(text, item, before, is_patient)
        case "DATE":
            visit = _EVENT.search(before) and _SOMEBODY.search(_around(text, item))
            of_one = visit or _AGED_ONE.search(before)
            return _is_day(text, item) and bool(_BIRTH.search(before) or of_one)
        case "MRN" | "SSN":
            return True
        case "ADDRESS":
            return bool(_LIVES.search(before) or _OWN.search(before))
    if item.kind not in _OF_PERSONS:
        return False
    cued = item.kind == "EMAIL" or _CUED.search(before)
    return bool(_OWN.search(before) or (cued and _ONE.search(_around(text, item))))


def _names_a_patient(text: str, name: Item, before: str, is_patient: Callable[[str], bool]) -> bool:
    words = text[name.start : name.end]
    if name.by == "site":
        return is_patient(words)
    if not _proper(text, name):
        return False
    if _TITLE.match(words) or _TITLE.search(before[-6:]):
        return True
    told = _INTRODUCED.search(before) or (_whole(text, name) and _TREATED.match(text, name.end))
    return bool(told) and not _professional(text, name)


def _whole(text: str, item: Item) -> bool:
    """A person's name as it is written; in a line without capitals, as the gate hears it."""
    return item.kind == "NAME" and (item.by == "written" or _uncapitalised(text, item))


def _of_nobody(text: str, item: Item) -> bool:
    """A hotline, a trial, an amount, a short number, a web page taken for an address of mail."""
    words = text[item.start : item.end]
    if item.kind in _NUMBERS and sum(map(str.isdigit, words)) < _LEAST_DIGITS:
        return True
    if item.kind == "EMAIL":
        return "@" not in words and " dot " not in words.lower()
    if item.kind not in _OF_PERSONS - {"ADDRESS"}:
        return False
    before = text[max(0, item.start - 8) : item.start]
    return bool(
        _TOLL_FREE.match(words)
        or _TOLL_FREE.search(before)
        or _AMOUNT.match(text, item.start)
        or words.upper().startswith(("NCT", "ISBN", "PMC", "PMID"))
    )


def _proper(text: str, item: Item) -> bool:
    """Whether the words are written as a name: with capitals, unless the line has none."""
    words = re.findall(r"[^\W\d_]+", text[item.start : item.end])
    return (bool(words) and all(word[0].isupper() for word in words)) or _uncapitalised(text, item)


def _uncapitalised(text: str, item: Item) -> bool:
    start, end = text.rfind("\n", 0, item.start) + 1, text.find("\n", item.end)
    return text[start : end if end >= 0 else len(text)].islower()


def _professional(text: str, name: Item) -> bool:
    before = text[max(0, name.start - 40) : name.start]
    return bool(_BEFORE_PROFESSIONAL.search(before)) or bool(
        _AFTER_PROFESSIONAL.match(text, name.end)
    )


def _is_day(text: str, item: Item) -> bool:
    return item.kind == "DATE" and _DAY.search(text[item.start : item.end]) is not None


def _aged(text: str, name: Item) -> bool:
    before = text[max(0, name.start - NEAR) : name.start]
    if _CLOCK.search(before):
        return True
    return bool(_AGE.search(text[max(0, name.start - 40) : name.end + 60]) or _ONE.search(before))


def _around(text: str, item: Item) -> str:
    return text[max(0, item.start - 2 * NEAR) : item.end + NEAR]


def _gap(one: Item, other: Item) -> int:
    return max(one.start - other.end, other.start - one.end, 0)


def _within(one: Item, other: Item) -> bool:
    return other.start <= one.start and one.end <= other.end
