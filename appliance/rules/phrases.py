"""The assistant's own phrases, made into speech at start so that they need no voice later."""

from __future__ import annotations

from voiceassist.knowledge.answers.answer import NOTHING_FOUND, NOTHING_SURE, THERE_IS_MORE

NOT_HEARD = "Sorry, I did not catch that."
NO_LIBRARY = "The library has not arrived yet. Please try again later."
CANNOT_RECORD = "I can't record this turn, so I can't answer. Please tell IT."
FAILED = "Something went wrong, and I can't answer now. The room's panel tells why."
NOTHING_SAID = "There is no answer to go back to."
NO_SOURCE = "There is no source. The library had nothing on that."
ASK_LATER = "The hub is away. Ask again when it is back."
CHANGED = "The library has changed since. Please ask again."
NO_MORE = "That is all the library has on that."
ALONE = "The hub is away. I go on with the room's own library."
TOGETHER = "The hub is back."
ADJUSTED = "All right."
ASKING = "I am asking."
NOTHING_CAME = "Nothing came of asking that the library supports."
NOT_ASKED = "I have not asked. Please say the question again."

FIXED = (
    NOT_HEARD, NO_LIBRARY, CANNOT_RECORD, FAILED, NOTHING_SAID, CHANGED, NO_MORE, ALONE, TOGETHER,
    ADJUSTED, ASKING, NOTHING_CAME, NOT_ASKED, NO_SOURCE, ASK_LATER, NOTHING_FOUND, NOTHING_SURE,
    THERE_IS_MORE,
)  # fmt: skip
