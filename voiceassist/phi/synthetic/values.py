"""Values of each kind of identifier, made up, in a given style. Pure."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

from voiceassist.phi.synthetic.dates import age, birth_date, date
from voiceassist.phi.synthetic.speech import (
    Style,
    chance,
    code,
    digits,
    letters,
    number,
    ordinal,
    slip,
)
from voiceassist.phi.wordlists import split_words

Make = Callable[[Random, Style], str]
_DIGITS, _UPPER = string.digits, string.ascii_uppercase
_HUNDRED = 100
_VIN = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_AREAS = ("212", "415", "617", "312", "713", "800", "907", "503", "646", "303")
_LAST = split_words(
    """
    Brown Delgado Nakamura Okonkwo Petrov Lindqvist Haddad Vasquez Kowalczyk Mbeki Tran Osei
    """
)
_GIVEN = split_words(
    """
    em john tanya luis priya derek anneke yusuf carla tomas wei beth
    """
)
_HOSTS = split_words(
    """
    example gmail yahoo outlook hotmail comcast aol icloud stmarysclinic protonmail
    """
)
_ENDS = ("com", "org", "net", "edu", "co.uk", "us")
_STREETS = (
    "Maple", "Oak", "Willow Creek", "Lakeview", "Washington", "Birch", "Harding", "Old Mill",
    "Sunset", "Fairmount", "Juniper",
)  # fmt: skip
_WAYS = split_words(
    """
    Street Avenue Road Lane Drive Court Boulevard Place Way Terrace
    """
)
_TOWNS = split_words(
    """
    Springfield Dayton Topeka Fresno Albany Tulsa Boise Toledo Akron Macon
    """
)
_STATES = split_words(
    """
    Ohio Kansas Texas Oregon Idaho Georgia Illinois
    """
)
_SPOKEN_MARKS = {".": "dot", "@": "at", "_": "underscore", "-": "dash", "/": "slash"}


def _some(random: Random, alphabet: str, count: int) -> str:
    return "".join(random.choice(alphabet) for _ in range(count))


def _shape(random: Random, shapes: str) -> str:
    """A code after one of the shapes: 9 is a digit, A a letter, the rest itself."""
    table = {"9": _DIGITS, "A": _UPPER}
    return "".join(
        random.choice(table[c]) if c in table else c for c in random.choice(shapes.split())
    )


def _of(shapes: str) -> Make:
    def make(random: Random, style: Style) -> str:
        said = code(random, _shape(random, shapes), style)
        return slip(random, said) if style == "plain" and chance(random, 0.25) else said

    return make


def _phone(random: Random, style: Style) -> str:
    area, rest = random.choice(_AREAS), f"555{_some(random, _DIGITS, 4)}"
    if chance(random, 0.15):
        area = ""
    if style == "written":
        shapes = ("({a}) {b}-{c}", "{a}-{b}-{c}", "{a}.{b}.{c}", "{a} {b} {c}", "+1 {a} {b} {c}")
        shape = random.choice(shapes) if area else "{b}-{c}"
        return shape.format(a=area, b=rest[:3], c=rest[3:])
    said = digits(random, area + rest, style)
    if style == "plain":
        one = "one " if area and chance(random, 0.2) else ""
        said = one + said
        return slip(random, said) if chance(random, 0.25) else said
    return said


def _ssn(random: Random, style: Style) -> str:
    text = _some(random, "12345678", 3) + _some(random, _DIGITS, 6)
    if style == "written":
        return random.choice((f"{text[:3]}-{text[3:5]}-{text[5:]}", text))
    said = digits(random, text, style)
    return slip(random, said) if style == "plain" and chance(random, 0.25) else said


def _email(random: Random, style: Style) -> str:
    given, last = random.choice(_GIVEN), random.choice(_LAST).lower()
    local = random.choice((given + last, f"{given}.{last}", f"{given[0]}_{last}", given + last[0]))
    if chance(random, 0.4):
        local += str(random.randrange(10, 99))
    text = f"{local}@{random.choice(_HOSTS)}.{random.choice(_ENDS)}"
    if style == "written":
        return text
    if style == "whisper":
        # the sign is often heard as a word, and glued to what stands around it
        return text.replace("@", random.choice(("@", "at", " at ", " @ ")))
    return _net(random, text)


def _net(random: Random, text: str) -> str:
    """An address aloud: marks as words, digits as digits, some hosts in letters."""
    out = ""
    for char in text:
        if char in _SPOKEN_MARKS:
            out += f" {_SPOKEN_MARKS[char]} "
        elif char.isdigit():
            out += f" {digits(random, char, 'plain')} "
        else:
            out += char
    said = " ".join(out.split())
    return said.replace("aol", "a o l") if chance(random, 0.5) else said


def _url(random: Random, style: Style) -> str:
    last = random.choice(_LAST).lower()
    host = random.choice((f"{last}family.com", f"{last}-blog.net", f"{last}.example.org"))
    path = random.choice(("", f"/{random.choice(_GIVEN)}", f"/patients/{random.randrange(999)}"))
    head = random.choice(("https://", "www.", "http://www.", ""))
    text = head + host + path
    if style == "written":
        return text
    if style == "whisper":
        return random.choice((text, text.replace("www.", "www ").replace("https://", "")))
    bare = text.split("//")[-1].replace("www.", "")
    lead = random.choice(("w w w dot ", "www dot ", "", "h t t p s colon slash slash "))
    return lead + _net(random, bare)


def _ip(random: Random, style: Style) -> str:
    parts = [str(random.randrange(1, 255)) for _ in range(4)]
    if chance(random, 0.3):
        groups = [f"{random.randrange(1, 65536):x}" for _ in range(3)]
        text = "2001:db8:" + ":".join(groups) + random.choice(("::1", ":0:1:2", "::"))
        if style != "plain":
            return text
        said = text.replace("::", ":double colon:").split(":")
        words = [w if w == "double colon" else code(random, w, "plain") for w in said if w]
        return " colon ".join(words).replace("colon double colon colon", "double colon")
    if style == "written":
        return ".".join(parts)
    if style == "whisper":
        return random.choice((".", ".", " dot ", " . ")).join(parts)
    whole = chance(random, 0.5)
    return random.choice((" dot ", " point ")).join(
        number(int(p)) if whole else digits(random, p, "plain") for p in parts
    )


def _street(random: Random, style: Style) -> str:
    house, way = random.randrange(2, 9999), random.choice(_WAYS)
    name = random.choice(_STREETS)
    if chance(random, 0.15):
        name = ordinal(random.randrange(2, 29)).title()
    flat = random.choice(("", "", f" Apt {random.randrange(1, 40)}"))
    tail = random.choice(
        ("", "", f", {random.choice(_TOWNS)}, {random.choice(_STATES)}",
         f", {random.choice(_TOWNS)} {_some(random, '123456789', 5)}")
    )  # fmt: skip
    if style == "written":
        short = {"Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr"}
        return f"{house} {name} {random.choice((way, short.get(way, way)))}{flat}{tail}"
    if style == "whisper":
        return f"{house} {name} {way}{flat.replace('Apt', ', apartment')}{tail}"
    said = digits(random, str(house), "plain")
    flat = f" apartment {number(int(flat.split()[-1]))}" if flat else ""
    words = "".join(c for c in tail if c.isalpha() or c == " ")
    zip_code = "".join(c for c in tail if c.isdigit())
    end = f" {digits(random, zip_code, 'plain')}" if zip_code else ""
    return " ".join(f"{said} {name} {way}{flat} {words}{end}".lower().split())


def _zip(random: Random, style: Style) -> str:
    return digits(random, _some(random, "123456789", 5), style)


def _spelled(random: Random, style: Style) -> str:
    name = random.choice(_LAST)
    if style == "written":
        return random.choice(("-", " ", ".", ". ", ", ")).join(name.upper())
    said = letters(random, name, style)
    if style == "plain" and chance(random, 0.15):
        return slip(random, said, string.ascii_lowercase)
    return said


def _room(random: Random, style: Style) -> str:
    value = random.choice((random.randrange(1, 40), random.randrange(101, 999)))
    side = random.choice(("", "", "", "B"))
    if style != "plain":
        return f"{value}{side}"
    said = number(value) if value < _HUNDRED else digits(random, str(value), "plain")
    return f"{said} {side.lower()}".strip()


VALUES: dict[str, Make] = {
    "mrn": _of("999999 9999999 99999999 99-99-99 A999999 999-99-99 AA99999 00999999 9999999-9"),
    "ssn": _ssn,
    "phone": _phone,
    "fax": _phone,
    "email": _email,
    "plan": _of("9AA9-AA9-AA99 AAA999999999 A99999999 99999999A W999999999 AA-9999999 9999999999"),
    "account": _of("99999999 9999999999 999-99999-9 AC999999 9999-9999-9999-9999 99-999999"),
    "licence": _of("A9999999 A999-9999-9999 99-999-999 AA9999999 999999999 AA-99999 A99-999999"),
    "vin": lambda r, s: code(r, "1" + _some(r, _VIN, 10) + _some(r, _DIGITS, 6), s),
    "plate": _of("AAA-9999 AAA9999 9AAA999 AAA-999 AA9-9AA 999-AAA"),
    "device": _of(
        "AAA999999A 99999999 AA-99999-9 A9999AA99 SN-999999 (01)00999999999999 999-AA-999"
    ),
    "url": _url,
    "ip": _ip,
    "street": _street,
    "zip": _zip,
    "spelled": _spelled,
    "birth": birth_date,
    "date": date,
    "age": age,
    "biometric": _of("AA-9999 A99999 999999"),
    "room": _room,
    "unique": lambda _, __: "",
}
