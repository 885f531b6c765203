"""Commands to the assistant itself: done in the room, never sent anywhere. Pure."""

from __future__ import annotations

import re
from enum import Enum


class Command(Enum):
    """What can be asked of the assistant itself."""

    STOP = "stop"
    REPEAT = "repeat"
    SOURCE = "source"
    MORE = "more"
    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    QUIETER = "quieter"


_PHRASES = {
    Command.STOP: r"stop( it| that| talking| please)?|cancel( that)?|never ?mind|be quiet|quiet"
    r"|shut up|that'?s (enough|all)|enough",
    Command.REPEAT: r"(repeat|say)( that| it| the answer)?( again)?|(once )?again|come again"
    r"|what (was|did you say)( that)?|say again",
    Command.SOURCE: r"(which|what) (source|document|guideline)( (was|is) (that|it|this)( from)?)?"
    r"|(which|what)('s| is| was) (the|your) source( (of|for) that)?|where (is|was|does|did) "
    r"(that|it|this) (come )?from|source",
    Command.MORE: r"(tell me )?more|go on|continue|more (about|on) (that|it)|keep going"
    r"|read (on|(it|that)( out)?)",
    Command.SLOWER: r"(speak |talk |go )?(a (little|bit) )?(slower|more slowly)|slow down",
    Command.FASTER: r"(speak |talk |go )?(a (little|bit) )?(faster|more quickly)|speed up",
    Command.LOUDER: r"(speak |talk )?(a (little|bit) )?louder|speak up|volume up|turn (it )?up",
    Command.QUIETER: r"(speak |talk )?(a (little|bit) )?(quieter|softer)|volume down"
    r"|turn (it )?down",
}
_POLITE = r"(?:(?:please|okay|ok|now|can you|could you|would you) )*"
_COMMANDS = tuple(
    (command, re.compile(rf"{_POLITE}(?:{phrases})(?: (?:please|now|thanks|thank you))*"))
    for command, phrases in _PHRASES.items()
)


def command_of(text: str) -> Command | None:
    """The command that `text` is, as a whole; None where it says anything else."""
    said = " ".join(re.sub(r"[^\w\s']", " ", text.lower().replace("\u2019", "'")).split())
    return next((command for command, form in _COMMANDS if form.fullmatch(said)), None)
