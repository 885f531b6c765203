"""What kind of word a word is: general English, medical, a name, a place, an eponym.

The data (`words.txt.xz`) is made by `build.py` from the sources that `NOTICE.md` names.
"""

from voiceassist.phi.lexicon.lookup import Lexicon, WordKind, load_lexicon

__all__ = ["Lexicon", "WordKind", "load_lexicon"]
