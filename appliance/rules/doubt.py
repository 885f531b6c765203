"""Whether it is in doubt which medicine was named, and what the next turn makes of it. Pure.

Law: no question is answered while its medicine's name is in doubt. A name that was asked about
counts once the reply to the question told it apart, in time; else the question is dropped.

    the next turn says                      leads to
    a command                               that command; the question is dropped
    no, neither                             Declined, "declined"
    the first, the second, or a name        late: Declined, "late"; else the question with that
                                            name, or the next name in it that is in doubt
    yes, "again", a name in doubt again,    asked once more, by first and second; after that
    too unclear, up to three other words    Declined, "unsure"
    anything else                           an ordinary turn; the question is dropped
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from appliance.rules.commands import Command, command_of
from appliance.rules.offer import STANDS_S, Reply, reply_of, sure
from appliance.rules.route import Declined, Doubtful, Route
from appliance.rules.soundalike import Rivals, Weighed
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript

# log-probability by which a name must be likelier than each that it is taken for. Of 348 names,
# each spoken in a question and scored against its partner, 5 scored lower, by 4.6 at most, and 12
# higher by less than 5; at 10 dB of noise 7 scored lower, 3 of them by more than 5
CLEAR = 5.0
_SHORT, _NAMED_IN = 3, 6  # words: of a reply that says nothing else, and of one by name


@dataclass(frozen=True, slots=True)
class Doubt:
    """`question` has `first` or `second` at the place of the last of `rivals`.

    Those before are in doubt, too: the last is asked about first, so that places stay where they
    are. `again` where it was asked before.
    """

    question: Transcript = field(repr=False)
    rivals: tuple[Rivals, ...] = field(repr=False)
    first: str = field(repr=False)
    second: str = field(repr=False)
    again: bool = False

    @property
    def asks(self) -> Sentence:
        """What is asked aloud."""
        text = f"Did you say {self.first}, or {self.second}?"
        if self.again:
            text = (
                f"Please say: the first, or the second. The first is {self.first}. "
                f"The second is {self.second}."
            )
        return Sentence(text=text, kind="notice")

    def with_name(self, name: str, said: Transcript) -> Transcript:
        """The question with `name`, no surer than `said`, which told it."""
        text = self.rivals[-1].place.put(self.question.text, name)
        return Transcript(
            text,
            confidence=min(self.question.confidence, said.confidence),
            no_speech=max(self.question.no_speech, said.no_speech),
            language=self.question.language,
        )


@dataclass(frozen=True, slots=True)
class Pending:
    """A doubt that waits for its reply; `heard_at` is when asking it ended, if it did."""

    doubt: Doubt
    heard_at: float | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What the turn is about, and its route where the doubt decides that."""

    transcript: Transcript = field(repr=False)
    route: Route | None = None


class Choice(Enum):
    """An answer to "Did you say one, or the other?"."""

    FIRST = auto()
    SECOND = auto()
    NEITHER = auto()
    UNCLEAR = auto()


_LEADS = r"(?:(?:the|it's|it is|it was|i said|i meant?|that's|number|option|yes|no|um|uh) )*"
_TAILS = r"(?: (?:one|name|please|thanks|thank you|of (?:them|those|these|the two)))*"
_FORMS = (
    (Choice.FIRST, r"first|1st|former|one|1"),
    (Choice.SECOND, r"second|2nd|latter|two|2"),
    (Choice.NEITHER, r"neither|none|something else|another"),
    (Choice.UNCLEAR, r"both|either"),
)
_CHOICES = tuple((one, re.compile(f"{_LEADS}(?:{form}){_TAILS}")) for one, form in _FORMS)


def in_doubt(one: Rivals) -> tuple[str, str] | None:
    """The name that was heard and its strongest rival, where that is nearly as likely; else None.

    A score that is no number leaves it in doubt.
    """
    said, *others = zip(one.place.names, one.scores, strict=True)
    other = max(others, key=lambda rival: rival[1])
    return None if said[1] - other[1] >= CLEAR else (said[0], other[0])


def settle(pending: Pending | None, said: Transcript, now: float) -> Settled:
    """What comes of `said`, where `pending` waits for a reply."""
    settled = None if pending is None else _replied(pending, said, now)
    if settled is not None:
        return settled
    weighed = said.rivals if isinstance(said, Weighed) else ()
    # a command names no medicine, whatever it sounds like
    open_ = [] if command_of(said.text) else [one for one in weighed if in_doubt(one)]
    return _next(said, open_)


def _next(question: Transcript, open_: Sequence[Rivals]) -> Settled:
    names = in_doubt(open_[-1]) if open_ else None
    if names is None:
        return Settled(question)
    return Settled(question, Doubtful(Doubt(question, tuple(open_), *names)))


def _replied(pending: Pending, said: Transcript, now: float) -> Settled | None:
    doubt = pending.doubt
    choice = choice_of(doubt, said)
    late = pending.heard_at is None or not 0 <= now - pending.heard_at <= STANDS_S
    if choice is None or (choice is Choice.UNCLEAR and late):
        return None
    # a reply belongs to its question, which is what the gate judges and remembers
    if choice is Choice.NEITHER:
        return Settled(doubt.question, Declined("declined"))
    if late:
        return Settled(doubt.question, Declined("late"))
    if choice is Choice.UNCLEAR:
        again = Declined("unsure") if doubt.again else Doubtful(replace(doubt, again=True))
        return Settled(doubt.question, again)
    name = doubt.first if choice is Choice.FIRST else doubt.second
    return _next(doubt.with_name(name, said), doubt.rivals[:-1])


def choice_of(doubt: Doubt, said: Transcript) -> Choice | None:
    """The choice that `said` is; None where it is no reply."""
    text = " ".join(re.sub(r"[^\w\s']", " ", said.text.lower().replace("\u2019", "'")).split())
    command = command_of(text)
    if command is not None:
        return Choice.UNCLEAR if command is Command.REPEAT else None
    reply = reply_of(text)
    if reply is not None:
        return Choice.NEITHER if reply is Reply.NO else Choice.UNCLEAR
    choice = next((one for one, form in _CHOICES if form.fullmatch(text)), None)
    if choice is Choice.NEITHER or (choice is not None and sure(said)):
        return choice
    count = len(text.split())
    named = _named(doubt, said) if choice is None and count <= _NAMED_IN else None
    return named or (Choice.UNCLEAR if 0 < count <= _SHORT else None)


def _named(doubt: Doubt, said: Transcript) -> Choice | None:
    """The one of the two that `said` names: by the same measure, since it was misheard before."""
    weighed = said.rivals if isinstance(said, Weighed) else ()
    for one in weighed:
        choice = {doubt.first: Choice.FIRST, doubt.second: Choice.SECOND}.get(one.place.names[0])
        if choice is not None:
            return Choice.UNCLEAR if in_doubt(one) else choice
    return None
