"""What fills the slots of generated sentences: names, places, dates, numbers, and look-alikes.

Every function takes its randomness; the lexicon's words are the material. Names are made, not
taken from anybody's records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from voiceassist.phi.lexicon import WordKind, load_lexicon
from voiceassist.phi.normalise import MONTHS
from voiceassist.phi.recognisers.vocabulary import KNOWN_FACILITIES
from voiceassist.phi.wordlists import split_words

DIGITS = split_words("zero one two three four five six seven eight nine")
_TENS = split_words("twenty thirty forty fifty sixty seventy eighty ninety")
_TEENS = split_words(
    """
    ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    """
)
_ONSETS = split_words("b br c ch d dr f fr g gr h j k kr l m n p pr r s sh st t th tr v w y z")
_VOWELS = split_words("a e i o u ai ei ia io ou")
_ENDS = split_words("n m l r s t k ski son ez ova ian berg man ini ova wala rao nen dze mura")
_NATURE = split_words(
    """
    lakeside riverside hillcrest oakwood maplewood sunrise sunset valley mountain view harbor
    bayview cedar pine willow creek meadow summit evergreen northside southside eastgate westside
    central metro unity hope mercy grace trinity sacred heart good samaritan providence liberty
    heritage pioneer cornerstone horizon silver spring golden gate cherry hill green park highland
    lincoln jefferson washington franklin madison jackson roosevelt kennedy
    """
)
_FACILITIES = (
    "hospital", "medical center", "clinic", "general hospital", "general", "regional hospital",
    "regional medical center", "memorial hospital", "memorial", "children's hospital",
    "community hospital", "health center", "health", "family practice", "urgent care",
    "university hospital", "university medical center", "med center", "medical", "cancer center",
    "heart institute", "surgical center", "nursing home", "hospice", "rehab center",
    "family medicine", "pediatrics", "womens health", "veterans hospital", "county hospital",
    "elementary school", "high school", "middle school", "college", "care center", "med ctr",
    "infirmary", "orthopedics", "dental", "diagnostics", "health system", "healthcare",
)  # fmt: skip
_PLAIN_FIRST = ("county", "city", "university", "community", "state", "regional", "general")
_PLAIN_LAST = ("general", "memorial", "general hospital", "memorial hospital", "medical center")
_DRUG_ENDS = split_words(
    """
    pril sartan statin azole olol cillin mycin floxacin gliptin gliflozin xaban prazole setron
    triptan zepam dipine oxetine cycline lukast terol sone tinib mab idine afil fed zole drine
    """
)
_DAYS = split_words("monday tuesday wednesday thursday friday saturday sunday")
_LETTERS, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
_KNOWN_PLACES = sorted(KNOWN_FACILITIES)
_STREETS = split_words("street avenue road lane drive court boulevard place way terrace st ave rd")
_PARTICLES = ("de la", "van", "van der", "von", "mc", "o", "al", "el", "de", "di", "bin", "st")
_TOP = ("com", "org", "net", "edu", "io", "health")


def _sorted(kinds: WordKind, unless: WordKind = WordKind.UNKNOWN, *, words: int = 1) -> list[str]:
    lexicon = load_lexicon()
    return sorted(
        word
        for word in lexicon.all_words()
        if lexicon.is_any(word, kinds)
        and not lexicon.is_any(word, unless)
        and word.count(" ") < words
        and len(word) > 1
    )


_KNOWN = WordKind.COMMON | WordKind.MEDICAL
TOP_GIVEN = _sorted(WordKind.TOP_GIVEN, _KNOWN)
GIVEN = _sorted(WordKind.GIVEN | WordKind.TOP_GIVEN, _KNOWN)
SURNAMES = _sorted(WordKind.SURNAME, _KNOWN)
RARE_SURNAMES = _sorted(WordKind.RARE_SURNAME, _KNOWN)
WORD_GIVEN = _sorted(WordKind.GIVEN | WordKind.TOP_GIVEN, WordKind.MEDICAL)
WORD_SURNAMES = _sorted(WordKind.SURNAME)
PLACES = _sorted(WordKind.PLACE, _KNOWN | WordKind.STATE, words=3)
WORD_PLACES = _sorted(WordKind.PLACE, WordKind.STATE, words=3)
STATES = _sorted(WordKind.STATE, words=3)


def invented(rng: Random) -> str:
    """A name that no list knows."""
    middle = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(1, 2)))
    return middle + rng.choice(_ENDS)


def given(rng: Random) -> str:
    """A given name; now and then one that is an everyday word, too, or that no list knows."""
    pick = rng.random()
    if pick < 0.45:
        return rng.choice(TOP_GIVEN)
    if pick < 0.72:
        return rng.choice(GIVEN)
    return rng.choice(WORD_GIVEN) if pick < 0.86 else invented(rng)


def surname(rng: Random) -> str:
    """A surname, of the same mixture."""
    pick = rng.random()
    if pick < 0.45:
        return rng.choice(SURNAMES)
    if pick < 0.65:
        return rng.choice(RARE_SURNAMES)
    if pick < 0.82:
        return rng.choice(WORD_SURNAMES)
    return invented(rng)


def name(rng: Random) -> str:
    """A person's name as it is said in a query."""
    initial = rng.choice("abcdefghijklmnopqrstuvwxyz")
    forms: Sequence[tuple[float, Callable[[], str]]] = (
        (0.30, lambda: f"{given(rng)} {initial}"),
        (0.62, lambda: f"{given(rng)} {surname(rng)}"),
        (0.70, lambda: given(rng)),
        (0.75, lambda: f"{given(rng)} {initial} {surname(rng)}"),
        (0.79, lambda: f"{given(rng)} {given(rng)} {surname(rng)}"),
        (0.83, lambda: f"{given(rng)} {surname(rng)} {surname(rng)}"),
        (0.87, lambda: f"{given(rng)} {rng.choice(_PARTICLES)} {surname(rng)}"),
        (0.90, lambda: f"{initial} {surname(rng)}"),
        (0.93, lambda: f"{surname(rng)} {given(rng)}"),
        (0.96, lambda: " ".join(given(rng))),
        (1.00, lambda: f"{given(rng)} {surname(rng)} junior"),
    )
    return _one_of(rng, forms)


def titled(rng: Random) -> str:
    """The name after a title."""
    initial = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return rng.choice((surname(rng), surname(rng), f"{given(rng)} {surname(rng)}",
                       f"{given(rng)} {initial}", initial, given(rng)))  # fmt: skip


def town(rng: Random) -> str:
    """A town or county, some of them everyday words."""
    base = rng.choice(PLACES if rng.random() < 0.75 else WORD_PLACES)
    pick = rng.random()
    if pick < 0.1:
        return f"{base} {rng.choice(STATES)}"
    return f"{base} county" if pick < 0.15 else base


def facility(rng: Random) -> str:
    """A named hospital, clinic, practice or school."""
    pick = rng.random()
    if pick < 0.03:
        return f"{rng.choice(_PLAIN_FIRST)} {rng.choice(_PLAIN_LAST)}"
    if pick < 0.08:
        return rng.choice(_KNOWN_PLACES) + rng.choice(("", "", " clinic", " hospital"))
    if pick < 0.11:
        return "".join(rng.choice("abcdefghilmnoprstuvw") for _ in range(rng.randint(3, 5)))
    first = _one_of(rng, (
        (0.30, lambda: rng.choice(PLACES)),
        (0.50, lambda: rng.choice(_NATURE)),
        (0.58, lambda: f"{rng.choice(_NATURE)} {rng.choice(_NATURE)}"),
        (0.70, lambda: f"{rng.choice(('st', 'saint', 'our lady of', 'mount', 'mt'))} "
                       f"{rng.choice((given, surname))(rng)}{rng.choice(('', 's'))}"),
        (0.82, lambda: surname(rng)),
        (0.88, lambda: f"{surname(rng)} {surname(rng)}"),
        (0.94, lambda: rng.choice(STATES)),
        (1.00, lambda: invented(rng)),
    ))  # fmt: skip
    if pick < 0.15:
        return first
    if pick < 0.2:
        return f"{rng.choice(_FACILITIES)} of {first}"
    return f"{first} {rng.choice(_FACILITIES)}"


def address(rng: Random) -> str:
    """A street address."""
    street = rng.choice((rng.choice(_NATURE), surname(rng), rng.choice(PLACES), invented(rng)))
    said = f"{rng.randint(2, 9999)} {street} {rng.choice(_STREETS)}"
    if rng.random() < 0.3:
        said += f" {rng.choice(('apartment', 'apt', 'unit', 'suite'))} {rng.randint(1, 99)}"
    if rng.random() < 0.4:
        said += f" {rng.choice(PLACES)}"
    return said


def date(rng: Random) -> str:
    """A date, finer than its year."""
    month, day = rng.choice(MONTHS), rng.randint(1, 31)
    year = rng.choice((rng.randint(1925, 2026), rng.randint(2015, 2026)))
    ordinal = f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
    week = rng.choice(_DAYS)
    return rng.choice((
        f"{month} {day} {year}", f"{month} {ordinal} {year}", f"{month} {ordinal}",
        f"the {ordinal} of {month}", f"{ordinal} {month} {year}", f"{day} {month} {year}",
        f"{MONTHS.index(month) + 1}/{day}/{year}", f"{MONTHS.index(month) + 1}/{day}/{year % 100:02}",
        f"{year}-{MONTHS.index(month) + 1:02}-{day:02}", f"{month[:3]} {day} {year}",
        f"{month} {year}", f"last {week}", f"last {month}", f"on the {ordinal}",
        f"{week} the {ordinal}", f"{week} {month} {ordinal}", f"{month[:3]} {ordinal} '{year % 100:02}",
        rng.choice(("christmas eve", "thanksgiving day", "new year's day", "halloween")),
    ))  # fmt: skip


def code(rng: Random) -> str:
    """An identifying number or mixed code."""

    def some(n: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(n))

    letters = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(1, 3)))
    return rng.choice((
        some(rng.randint(4, 12)), f"{letters}{some(rng.randint(3, 9))}",
        f"{letters}-{some(rng.randint(3, 8))}", f"{some(3)}-{some(2)}-{some(4)}",
        f"{some(rng.randint(2, 4))}-{some(rng.randint(3, 6))}",
        f"{some(rng.randint(1, 3))}{letters}{some(rng.randint(2, 4))}",
        " ".join(some(rng.randint(5, 9))),
    ))  # fmt: skip


def phone(rng: Random) -> str:
    """A telephone number."""
    a, b, c = (rng.randint(200, 999), rng.randint(100, 999), rng.randint(0, 9999))
    return rng.choice((f"{a}-{b}-{c:04}", f"({a}) {b}-{c:04}", f"{b}-{c:04}", f"{a} {b} {c:04}",
                       f"{a}{b}{c:04}", " ".join(f"{a}{b}{c:04}")))  # fmt: skip


def contact(rng: Random) -> str:
    """An e-mail, web or network address."""
    who = rng.choice(
        (
            f"{given(rng)}.{surname(rng)}",
            f"{given(rng)[:1]}{surname(rng)}",
            f"{given(rng)}{rng.randint(1, 99)}",
            f"{surname(rng)}_{rng.randint(1, 9)}",
        )
    )
    where = rng.choice((invented(rng), "example", "gmail", "mail", rng.choice(_NATURE)))
    top = rng.choice(_TOP)
    said = who.replace(".", " dot ").replace("_", " underscore ")
    return rng.choice((
        f"{who}@{where}.{top}", f"{who}@{where}.{top}", f"{said} at {where} dot {top}",
        f"{said} at {where} dot {top}", f"{who.replace('.', '')}at{where}.{top}", f"{said} at {where}",
        f"{who} at {where}.{top}",
        f"www.{where}.{top}", f"https://{where}.{top}/{who}",
        ".".join(str(rng.randint(1, 255)) for _ in range(4)),
    ))  # fmt: skip


def _some(rng: Random, alphabet: str, count: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(count))


def plate(rng: Random) -> str:
    """A number plate, its parts together, apart or with a dash."""
    a, b = _some(rng, _LETTERS, rng.choice((2, 3, 3))), _some(rng, _DIGITS, rng.choice((2, 3, 4)))
    sign = rng.choice(("", " ", "-", " dash "))
    whole = rng.choice((f"{a}{sign}{b}", f"{b}{sign}{a}", f"{a}{b[:2]} {_some(rng, _LETTERS, 3)}"))
    return " ".join(whole.replace(" dash ", "-")) if rng.random() < 0.25 else whole


def vin(rng: Random) -> str:
    """A vehicle's number: 17 letters and digits, whole or read out."""
    number = _some(rng, "abcdefghjklmnprstuvwxyz0123456789", 17)
    return " ".join(number) if rng.random() < 0.5 else number


def udi(rng: Random) -> str:
    """A device's identifier, or the number of an implant."""
    return rng.choice((
        f"(01){_some(rng, _DIGITS, 14)}(21){_some(rng, _DIGITS, 6)}", f"01 {_some(rng, _DIGITS, 14)}",
        f"{_some(rng, _LETTERS, 2)}{_some(rng, _DIGITS, 7)}", f"{_some(rng, _DIGITS, 3)}-{_some(rng, _LETTERS, 1)}{_some(rng, _DIGITS, 5)}",
    ))  # fmt: skip


def network(rng: Random) -> str:
    """An address on a network, written or read out."""
    four = [str(rng.randint(0, 255)) for _ in range(4)]
    six = [_some(rng, "0123456789abcdef", rng.randint(1, 4)) for _ in range(rng.randint(3, 8))]
    return rng.choice((".".join(four), " dot ".join(four), ":".join(six), "::".join(six[:2]),
                       " colon ".join(" ".join(part) for part in six)))  # fmt: skip


def spelled(rng: Random) -> str:
    """A name letter by letter, after itself or alone."""
    said = rng.choice((given, surname))(rng).replace(" ", "").replace("'", "")
    letters = rng.choice((" ", "-", ". ")).join(said)
    return f"{said} {letters}" if rng.random() < 0.2 else letters


def drug(rng: Random, known: Sequence[str]) -> str:
    """A medicine; now and then one that nobody knows yet, or one that was misheard."""
    pick = rng.random()
    if pick < 0.72:
        return rng.choice(known)
    if pick < 0.82:
        return invented(rng) + rng.choice(_DRUG_ENDS)
    word = list(rng.choice(known))
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(1, len(word))
        word[at] = rng.choice(_VOWELS if word[at] in "aeiou" else _ONSETS)
    if rng.random() < 0.4:
        word.insert(rng.randrange(3, len(word)), " ")
    return "".join(word)


def old_age(rng: Random) -> str:
    """An age over 89."""
    age = rng.randint(90, 109)
    return rng.choice((f"{age} year old", f"{age} years old", f"{age}yo", f"age {age}", f"aged {age}",
                       f"{age} years of age"))  # fmt: skip


def spoken(rng: Random, written: str) -> str:
    """Digits of `written` as they may be said, everything else as it is."""
    words: list[str] = []
    for word in written.replace("-", " ").split():
        if not word.isdigit():
            words.append(word)
            continue
        at = 0
        while at < len(word):
            pair = word[at : at + 2]
            if len(pair) == 2 and pair[0] == "1" and rng.random() < 0.4:
                words.append(_TEENS[int(pair[1])])
                at += 2
            elif len(pair) == 2 and pair[0] > "1" and rng.random() < 0.4:
                words.append(_TENS[int(pair[0]) - 2])
                words += [DIGITS[int(pair[1])]] if pair[1] != "0" else []
                at += 2
            else:
                words.append(
                    "oh"
                    if word[at] == "0" and words and rng.random() < 0.5
                    else DIGITS[int(word[at])]
                )
                at += 1
    return " ".join(words)


def _one_of(rng: Random, forms: Sequence[tuple[float, Callable[[], str]]]) -> str:
    pick = rng.random()
    return next(make for below, make in forms if pick <= below)()
