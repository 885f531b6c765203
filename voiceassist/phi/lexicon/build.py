"""Makes `words.txt.xz` from its sources: `python -m voiceassist.phi.lexicon.build SOURCES`.

`SOURCES` is a folder with what `NOTICE.md` lists, unpacked: `scowl/` and `wordnet/` (Debian),
`names/` (US Census 1990), `geonames/cities1000.json` with `us_counties.json` and
`countries.json`, `icd/tabular.xml`
and `diseases/` (text of the Disease Ontology). The result depends on nothing else.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from voiceassist.phi.lexicon.lookup import WordKind
from voiceassist.phi.wordlists import split_words

_COMMON_SIZE, _GENERAL_SIZE = 35, 70
_FREQUENT_SURNAMES, _TOP_GIVEN = 15_000, 400
_LARGE_TOWN = 100_000
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_HEAD = (
    r"(?:syndrome|disease|disorder|palsy|tumou?r|anomaly|sign|ataxia|dystrophy|dysplasia|"
    r"sarcoma|lymphoma|anemia|fracture|hernia|cyst|chorea|thyroiditis|deficiency|carcinoma|"
    r"nevus|dysostosis|paralysis|gangrene|esophagus|aphasia|contracture|purpura|malformation)"
)
_STATES = [
    *split_words(
        """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia
    hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland
    massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio
    oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin
    wyoming
    """
    ),
    "new hampshire",
    "new jersey",
    "new mexico",
    "north carolina",
    "north dakota",
    "rhode island",
    "south carolina",
    "south dakota",
    "west virginia",
]


def plain(text: str) -> str:
    """ASCII letters of `text`, so that São Paulo is sao paulo."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def build(sources: Path) -> dict[str, int]:
    """Every word and phrase with the bits of its kinds."""
    bits: dict[str, int] = defaultdict(int)

    def add(words: Iterable[str], kind: WordKind) -> None:
        for word in words:
            bits[word] |= kind

    add(_scowl(sources / "scowl", _COMMON_SIZE), WordKind.COMMON)
    add(_scowl(sources / "scowl", _GENERAL_SIZE), WordKind.GENERAL)
    add(_wordnet(sources / "wordnet"), WordKind.GENERAL)
    titles = tuple(chain(_icd(sources / "icd"), _diseases(sources / "diseases")))
    general = {word for word, kind in bits.items() if kind & WordKind.GENERAL}
    add(_eponyms(titles, general), WordKind.EPONYM)
    add(_medical(titles, general), WordKind.MEDICAL)
    given = _census(sources / "names", "first")
    add(given, WordKind.GIVEN)
    add(_census(sources / "names", "first", _TOP_GIVEN), WordKind.TOP_GIVEN)
    surnames = _census(sources / "names", "last")
    add(surnames[:_FREQUENT_SURNAMES], WordKind.SURNAME)
    add(surnames[_FREQUENT_SURNAMES:], WordKind.RARE_SURNAME)
    add(_places(sources / "geonames"), WordKind.PLACE)
    add(_STATES, WordKind.STATE)
    add(_countries(sources / "geonames"), WordKind.STATE)
    return bits


def _scowl(folder: Path, size: int) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        name, _, tier = file.name.rpartition(".")
        kind = name.rpartition("-")[2]
        if kind not in {"words", "contractions"} or "variant_3" in name or int(tier) > size:
            continue
        for line in file.read_text("latin-1").splitlines():
            yield plain(line).lower()


def _wordnet(folder: Path) -> Iterator[str]:
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text("utf-8").splitlines():
            if line.startswith(" "):
                continue
            fields = line.split(" ")
            for lemma in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
                for word in lemma.partition("(")[0].replace("-", "_").split("_"):
                    if word.islower() and word.isalpha():
                        yield word


def _icd(folder: Path) -> Iterator[str]:
    text = (folder / "tabular.xml").read_text("utf-8")
    yield from re.findall(r"<(?:desc|note)>([^<]+)<", text)


def _diseases(folder: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        for line in file.read_text("utf-8").splitlines():
            if line.startswith(("name:", "synonym:", "def:")):
                yield line.partition(":")[2].partition("[")[0]


def _medical(titles: Iterable[str], general: set[str]) -> Iterator[str]:
    """Words that occur in lower case, and so are no names."""
    for title in titles:
        for word in _WORD.findall(plain(title)):
            if word.islower() and len(word) > 2 and word not in general:  # noqa: PLR2004 - no initials
                yield word.removesuffix("'s")


def _eponyms(titles: Iterable[str], general: set[str]) -> Iterator[str]:
    """Capitalised words within four words before the head of a disease's name."""
    span = re.compile(rf"((?:[\w'.-]+[ -]+){{1,4}}){_HEAD}\b", re.IGNORECASE)
    for title in titles:
        for found in span.findall(plain(title)):
            for word in _WORD.findall(found):
                lower = word.lower().removesuffix("'s")
                if word[0].isupper() and word[1:2].islower() and lower not in general:
                    yield lower


def _census(folder: Path, which: str, top: int | None = None) -> list[str]:
    ranked: list[tuple[float, str]] = []
    for file in sorted(folder.glob(f"dist.*.{which}")):
        rows = [line.split() for line in file.read_text("ascii").splitlines()]
        ranked += [(-float(row[1]), row[0].lower()) for row in rows[:top]]
    return list(dict.fromkeys(name for _, name in sorted(ranked)))


def _places(folder: Path) -> Iterator[str]:
    cities = json.loads((folder / "cities1000.json").read_text("utf-8")).values()
    for city in cities:
        if city["countrycode"] == "US" or city["population"] >= _LARGE_TOWN:
            name = re.sub(r"[^a-z' ]+", " ", plain(city["name"]).lower())
            yield (bare := " ".join(name.split()))
            yield bare.removesuffix(" city")
    for county in json.loads((folder / "us_counties.json").read_text("utf-8")):
        yield " ".join(re.sub(r"[^a-z' ]+", " ", plain(county["name"]).lower()).split())


def _countries(folder: Path) -> Iterator[str]:
    for country in json.loads((folder / "countries.json").read_text("utf-8")).values():
        yield " ".join(re.sub(r"[^a-z' ]+", " ", plain(country["name"]).lower()).split())


def main() -> None:
    """Write the data beside this module."""
    bits = build(Path(sys.argv[1]))
    bits.pop("", None)
    lines = "".join(f"{word}\t{bits[word]}\n" for word in sorted(bits))
    target = Path(__file__).with_name("words.txt.xz")
    target.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
