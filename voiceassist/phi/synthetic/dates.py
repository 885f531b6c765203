"""Dates, birth dates and ages over 89 in the orders in which people say them. Pure."""

from __future__ import annotations

from random import Random

from voiceassist.phi.synthetic.speech import MONTHS, Style, chance, number, ordinal, year

_TEN, _HUNDRED, _OLDEST = 10, 100, 110
_SUFFIX = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def birth_date(random: Random, style: Style) -> str:
    """A day of birth, with its year."""
    when = (random.randrange(1920, 2016), random.randrange(1, 13), random.randrange(1, 29))
    return _full(random, when, style)


def date(random: Random, style: Style) -> str:
    """A day of care: with its year, or without."""
    when = (random.randrange(2015, 2026), random.randrange(1, 13), random.randrange(1, 29))
    if chance(random, 0.5):
        return _full(random, when, style)
    _, month, day = when
    name = MONTHS[month - 1]
    if style == "plain":
        low = name.lower()
        return random.choice(
            (f"{low} {number(day)}", f"{low} {ordinal(day)}", f"the {ordinal(day)} of {low}",
             f"{low} the {ordinal(day)}")
        )  # fmt: skip
    return random.choice(
        (f"{month}/{day}", f"{name} {day}", f"{name} {_nth(day)}", f"the {_nth(day)} of {name}",
         f"{day} {name}", f"{name[:3]} {day}")
    )  # fmt: skip


def age(random: Random, style: Style) -> str:
    """An age over 89, as a phrase that stands for a person."""
    years = random.choice((*range(90, 100), *range(90, 100), 100, 101, 102, 103, 105, 110))
    if style != "plain":
        return random.choice(
            (f"a {years} year old", f"a {years}-year-old woman", f"a man aged {years}",
             f"a {years}yo male", f"a {years} y/o", f"a {years}yo", f"a {years} years old man",
             f"a woman in her {'nineties' if chance(random, 0.5) else '90s'}",
             f"a gentleman who just turned {years}", f"a patient, age {years},",
             f"a lady of {years}", f"a {years}F", f"a {years} M", "a centenarian",
             "a nonagenarian")
        )  # fmt: skip
    said = number(years)
    if years > _HUNDRED:
        said = f"{random.choice(('one', 'a'))} hundred and {number(years - 100)}"
        said = random.choice(
            (said, f"one hundred {number(years - 100)}", f"one oh {number(years - 100)}")
        )
        said = said if years < _OLDEST else "one hundred and ten"
    bare = said.removeprefix("a ")
    return random.choice(
        (f"a {bare} year old", f"a {bare} year old woman", f"a man aged {said}",
         f"a patient who turned {said}", "a woman in her nineties", "a man in his late nineties",
         f"a lady who is {said}", f"a patient age {said}", f"a man of {said}",
         f"a {bare} years old man", f"someone {said} years of age", "a centenarian",
         f"a {bare} y o male", "a woman in her early nineties")
    )  # fmt: skip


def _full(random: Random, when: tuple[int, int, int], style: Style) -> str:
    y, month, day = when
    name = MONTHS[month - 1]
    if style == "plain":
        return _said(random, when)
    short = f"{y % 100:02d}"
    shapes = [
        f"{month}/{day}/{y}", f"{month:02d}/{day:02d}/{y}", f"{month}/{day}/{short}",
        f"{name} {day}, {y}", f"{name} {_nth(day)}, {y}", f"{day} {name} {y}",
        f"{month}-{day}-{y}", f"{name} {day} {y}", f"the {_nth(day)} of {name}, {y}",
    ]  # fmt: skip
    if style == "whisper":
        shapes += [f"{month}-{day}-{short}", f"{month:02d}.{day:02d}.{y}", f"{month} {day} {short}",
                   f"{month}, {day}, {y}", f"{name} {day} of {y}"]  # fmt: skip
    else:
        shapes += [f"{y}-{month:02d}-{day:02d}", f"{name[:3]} {day}, {y}", f"{day}-{name[:3]}-{y}",
                   f"{day}.{month}.{y}", f"{month:02d}-{day:02d}-{short}"]  # fmt: skip
    return random.choice(shapes)


def _said(random: Random, when: tuple[int, int, int]) -> str:
    y, month, day = when
    name, full = MONTHS[month - 1].lower(), year(random, y)
    two = y % 100
    short = number(two) if two >= _TEN else f"oh {number(two)}"
    oh = [f"oh {number(n)}" if n < _TEN else number(n) for n in (month, day)]
    return random.choice(
        (f"{name} {ordinal(day)} {full}", f"the {ordinal(day)} of {name} {full}",
         f"{name} {number(day)} {full}", f"{number(day)} {name} {full}",
         f"{ordinal(day)} {name} {full}", f"{name} the {ordinal(day)} {full}",
         f"{number(month)} {number(day)} {short}", f"{oh[0]} {oh[1]} {short}",
         f"{number(month)} {number(day)} {full}", f"{oh[0]} {oh[1]} {full}",
         f"{number(month)} slash {number(day)} slash {short}",
         f"the {ordinal(day)} of the {ordinal(month)} {full}",
         f"{name} {ordinal(day)} of {full}", f"{name} {ordinal(day)} {short}")
    )  # fmt: skip


def _nth(day: int) -> str:
    return f"{day}{_SUFFIX.get(day, 'th')}"
