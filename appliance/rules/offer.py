"""The offer to ask outside, and what the next turn makes of it. Pure.

A held question is offered without whom it is about; where policy says to ask first, a cleared
one that the library has nothing on is offered as it is.

Law: only a sure, spoken yes takes an offer up, in the one turn after it, in time, once it was read
back to its end. What then leaves is the `Cleared` that the gate made of the words that were read
back. Whatever else is said, the offer is over.

    the next turn says    what stands against it (first that applies)     leads to
    yes                   unheard, late, unsure, offline                  Declined, by that name
    yes                   nothing                                         Hub, by the offer's why
    no                                                                    Declined, "declined"
    anything else                                                         an ordinary turn
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from appliance.rules.route import Declined, Hub, Room, Route
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared

STANDS_S = 30.0  # from the end of the reading back
SURE = 0.5  # the least confidence of a yes: spoken ones, in noise too, were heard with 0.6 to 0.88
_MOST_NO_SPEECH = 0.6


class Reply(Enum):
    """An answer to an offer."""

    YES = auto()
    NO = auto()


_REPLIES = (
    (
        Reply.YES,
        re.compile(r"(?:yes|yeah|yep)(?: please| go ahead| do it)?|(?:please )?(?:go ahead|do it)"),
    ),
    (Reply.NO, re.compile(r"no(?: thanks| thank you| don't)?|nope|don't(?: ask)?")),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A question that the gate cleared: "generalised" without its items, "asked" as it was.

    `originals` never leave the room.
    """

    cleared: Cleared
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)
    why: Literal["generalised", "asked"] = "generalised"

    @property
    def read_back(self) -> Sentence:
        """What is said of it: the very words that would leave."""
        if self.why == "asked":
            return Sentence(text="Shall I ask outside? Say yes to ask.", kind="notice")
        text = (
            "I can ask outside without who it is about: "
            f"\u201c{self.cleared.text.rstrip(' .')}\u201d. Say yes to ask."
        )
        return Sentence(text=text, kind="notice")


@dataclass(frozen=True, slots=True)
class Pending:
    """An offer that waits for its turn; `heard_at` is when its reading back ended, if it did."""

    offer: Offer
    heard_at: float | None


@dataclass(frozen=True, slots=True)
class _Answer:
    """A yes, and what is known when it comes."""

    pending: Pending
    said: Transcript
    now: float
    up: bool


def sure(said: Transcript) -> bool:
    """Whether a short reply was heard well enough to act on."""
    known = said.confidence >= SURE and said.no_speech <= _MOST_NO_SPEECH  # a NaN is unsure, too
    return known and said.language == "en"


def _late(answer: _Answer) -> bool:
    heard_at = answer.pending.heard_at
    return heard_at is None or not 0 <= answer.now - heard_at <= STANDS_S


_AGAINST: tuple[tuple[str, Callable[[_Answer], bool]], ...] = (
    ("unheard", lambda answer: answer.pending.heard_at is None),
    ("late", _late),
    ("unsure", lambda answer: not sure(answer.said)),
    ("offline", lambda answer: not answer.up),
)


def reply_of(text: str) -> Reply | None:
    """The reply that `text` is, as a whole; None where it says anything else."""
    said = " ".join(re.sub(r"[^\w\s']", " ", text.lower().replace("\u2019", "'")).split())
    return next((reply for reply, form in _REPLIES if form.fullmatch(said)), None)


def answered(pending: Pending | None, said: Transcript, now: float, *, up: bool) -> Route | None:
    """The route of a reply to a pending offer; None where this is a turn like any other."""
    reply = reply_of(said.text)
    if pending is None or reply is None:
        return None
    if reply is Reply.NO:
        return Declined("declined")
    answer = _Answer(pending, said, now, up)
    for why, applies in _AGAINST:
        if applies(answer):
            return Declined(why)
    offer = pending.offer
    return Hub(offer.cleared, why=offer.why, originals=offer.originals)


def proposed(route: Route, *, found: bool) -> Offer | None:
    """The offer of a cleared question that the room found nothing on, where policy says to ask."""
    if found or not isinstance(route, Room) or route.why != "ask" or route.cleared is None:
        return None
    return Offer(route.cleared, why="asked")


# what may follow the name of a person as it follows "the patient"; before "population" it may not
_GOES_ON = (
    r"(?=\s*[.,;]|['\u2019]s\b|\s+(?:is|was|has|had|needs?|should|must|may|can|cannot|will|takes?|"
    r"gets?|for|to|with|on|in|at|and|until|every|after|before)\b|\s*$)"
)
_SUPPOSES = re.compile(
    r"\b(?:if|when|whenever|unless|whether|in case|any|each|every|or)\b", re.IGNORECASE
)


def put_back(sentence: Sentence, route: Route) -> Sentence:
    """A composed sentence as it is spoken: the name in its placeholder's stead, where that is safe.

    A sentence that supposes something ("if the patient is pregnant") would say it of the named.
    """
    if not isinstance(route, Hub) or sentence.kind != "composed" or _SUPPOSES.search(sentence.text):
        return sentence
    text = sentence.text
    for placeholder, original in route.originals.items():
        form = re.compile(rf"\b{re.escape(placeholder)}\b{_GOES_ON}", re.IGNORECASE)
        text = form.sub(original.replace("\\", ""), text)
    return sentence.model_copy(update={"text": text})
