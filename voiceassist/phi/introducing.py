"""The words that only introduce an item: "his phone number is", "with m r n", "born on the"."""

from __future__ import annotations

import re


def end_of(pattern: str) -> re.Pattern[str]:
    """`pattern` where it is the last that was said."""
    return re.compile(rf"(?:{pattern})$", re.IGNORECASE)


_STRONG = (
    r"(?:tele)?phone|cell|mobile|tel|pager|beeper|voice\s?mail|extension|ext|whats\s?app|contact|"
    r"fax|numbers?|num|no|e-?\s?mail|address|url|web\s?site|web\s+page|page|ip|mac|mrn|m\W?r\W?n|"
    r"(?:medical\s+|med\s+)?records?|chart|emr|ehr|ssn|s\W?s\W?n|social(?:\s+security)?|insurance|"
    r"ins|policy|health\s+plan|plan|member(?:ship)?|subscriber|beneficiary|medicare|medicaid|hicn|mbi|"
    r"payer|account|acct|bank|billing|credit\s+card|card|routing|invoice|claim|"
    r"(?:driver'?s\s+)?licen[cs]e|certificate|cert|dea|npi|passport|permit|registration|"
    r"credentials?|badge|vin|vehicle|identification|plate|serial|udi|imei|id|i\s?d|identifier|"
    r"identified\s+as|user\s?name|login|rx|code|zip(?:\s?code)?|#"
)
_WEAK = (
    r"employee|student|group|hospital|patient|site|case|study|subject|visit|encounter|order|"
    r"accession|reference|ref|ticket|file|confirmation|tracking|"
    r"participant|locker|device|model|lot|asset|tag|car"
)
_LEADS = r"with|at|on|to|for|under|by|from|in|as|via|has|have|having|and|or|using|of"
_CUES = rf"(?:{_STRONG}|(?:{_WEAK})(?=\s+(?:id|i\s?d|number|no|num|code|serial|licen[cs]e)\b))"
INTRODUCED = end_of(
    rf"(?:\b(?:{_LEADS})\s+)*(?:\b(?:his|her|their|the|a|an|my|whose|patient's)\s+)?"
    rf"(?:(?<![^\W_]){_CUES}(?=[\W_])[\s:#.,-]*)+"
    rf"(?:\b(?:is|was|of|at|on|to|it's|ending|in|reads?|called)\b[\s:]*)*"
    r"(?:\b[a-z]{1,4}[\s:-]+)?"  # "m r n ucla four four one"
    rf"|(?:\b(?:{_LEADS})\s+)+"
)
STATED = re.compile(r"\b(?:is|was|has|have)\W*$", re.IGNORECASE)
GOES_ON = re.compile(r"\s*,?\s*\band\b", re.IGNORECASE)
_BIRTH = r"(?:d\W?o\W?b\W?|dates?\s+of\s+birth|birth\s?date|birth\s?day|born)"
BORN = end_of(
    rf"(?:\b(?P<who>his|her|their|whose|the\s+patient's|patient's|the|my|with|and|has|a)\s+)*"
    rf"\b(?:(?P<was>was|were|is)\s+)?(?P<cue>{_BIRTH})\b\W*(?:\b(?P<is>is|was)\b\W*)?"
    rf"(?:\b(?:on|the|of|in|back)\b\W*)*"
)
