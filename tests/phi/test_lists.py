"""The clinic's own lists: what the file gives away, what is found by it, when it is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from voiceassist.contract.canonical import canonical
from voiceassist.contract.speech import Transcript
from voiceassist.errors import BadInput, Unverified, VoiceAssistError, WrongUse
from voiceassist.phi.build import build_gate, build_second_judge
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lists import Sources, load_lists, make_lists, no_lists, write_lists
from voiceassist.phi.lists_cli import app
from voiceassist.phi.name_forms import Mark
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.recognisers.site import SiteRecogniser

SALT = bytes(range(32))
SOURCES = Sources(
    patients=[
        "Margaret Anne O'Connor",
        "James Cook",
        "Will Long",
        "Anna Smith-Jones",
        "de la Cruz, María",
        "Łukasz Nowak",
    ],
    staff=["Dr. Iqbal", "Mary Long, MD", "Wilson, Tom"],
    places=["Riverside Free Clinic", "St. Mary's Hospital", "Ward 7 North", "Hope House"],
    formulary=["Metformin", "Nowak"],
)


def written(path: Path, sources: Sources = SOURCES) -> Path:
    write_lists(path, make_lists(sources, SALT, load_lexicon()).data)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SiteRecogniser:
    path = written(tmp_path_factory.mktemp("lists") / "lists.json")
    return SiteRecogniser(load_lexicon(), load_lists(path))


def found(site: SiteRecogniser, text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in site.find(text)]


def test_no_name_stands_in_the_file() -> None:
    """No word of a listed name is in the file's bytes, in any case or decoded; drugs may be."""
    data = make_lists(SOURCES, SALT, load_lexicon()).data
    body = json.loads(data)
    decoded = [base64.b64decode(body[part]) for part in ("hashes", "marks")]
    drugs = {word.lower() for word in SOURCES.formulary}
    for entry in (*SOURCES.patients, *SOURCES.staff, *SOURCES.places):
        for word in entry.replace(",", " ").replace("-", " ").split():
            if len(word) > 3 and word.lower() not in drugs:
                for piece in (data, *decoded):
                    assert word.lower().encode() not in piece.lower()
    assert body["formulary"] == ["metformin"]


def test_the_salt_makes_the_file() -> None:
    """The same names with the same salt are the same bytes, with another salt no hash is shared."""
    same, other = (make_lists(SOURCES, salt, load_lexicon()).data for salt in (SALT, b"\1" * 32))
    assert same == make_lists(SOURCES, SALT, load_lexicon()).data
    one, two = (base64.b64decode(json.loads(data)["hashes"]) for data in (same, other))
    parts = [{data[at : at + 8] for at in range(0, len(data), 8)} for data in (one, two)]
    assert parts[0] & parts[1] == set()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("what is Margaret O'Connor's potassium", "Margaret O'Connor's"),
        ("what is margaret oconnors potassium", "margaret oconnors"),
        ("margaret o connor was here", "margaret o connor"),
        ("margaret anne o\u2019connor was here", "margaret anne o\u2019connor"),
        ("margaret a oconnor was here", "margaret a oconnor"),
        ("chart of O'CONNOR, MARGARET please", "O'CONNOR, MARGARET"),
        ("the dose for oconnor", "oconnor"),
        ("the dose for margaret o", "margaret o"),
        ("call anna smith jones", "anna smith jones"),
        ("call anna smith-jones", "anna smith-jones"),
        ("call anna jones", "anna jones"),
        ("call maria delacruz", "maria delacruz"),
        ("call maria de la cruz", "maria de la cruz"),
        ("call lukasz nowak", "lukasz nowak"),
        ("call \u0141ukasz Nowak", "\u0141ukasz Nowak"),
        ("ask iqbal", "iqbal"),
        ("ask tom wilson", "tom wilson"),
        ("ask wilson about it", "wilson"),
        ("how is oconnor's disease", "oconnor's"),
    ],
)
def test_people_are_found_as_they_are_said_and_written(
    site: SiteRecogniser, text: str, name: str
) -> None:
    """A listed person is found whole, in order or reversed, and by as much as tells who it is."""
    assert ("NAME", name) in found(site, text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("at the riverside free clinic", "riverside free clinic"),
        ("saint marys hospital called", "saint marys hospital"),
        ("St. Mary's Hospital called", "St. Mary's Hospital"),
        ("on ward 7 north", "ward 7 north"),
        ("at hope house", "hope house"),
    ],
)
def test_places_are_found(site: SiteRecogniser, text: str, name: str) -> None:
    """A listed place is found whole, however long it is."""
    assert found(site, text) == [("LOCATION", name)]


@pytest.mark.parametrize(
    ("text", "name"),
    [("see james cook", "james cook"), ("see mr cook", "cook"), ("ask dr. long", "long"),
     ("see will long", "will long")],
)  # fmt: skip
def test_an_everyday_surname_needs_its_given_name_or_a_title(
    site: SiteRecogniser, text: str, name: str
) -> None:
    """A surname that is a word of English is found with a given name or after a title."""
    assert found(site, text) == [("NAME", name)]


@pytest.mark.parametrize(
    "text",
    [
        "how long will it take to cook an egg",
        "long acting insulin",
        "signs of wilson's disease",
        "wilson disease and copper",
        "the oconnor brocks syndrome",
        "is a free clinic near a hospital",
        "the dose of metformin",
        "mary and james",
        "",
    ],
)
def test_other_words_are_free(site: SiteRecogniser, text: str) -> None:
    """Everyday words, eponyms and given names alone are not found by the lists."""
    assert found(site, text) == []


_NAMES = ["margaret o'connor", "anna smith jones", "james cook", "riverside free clinic", "iqbal"]


@settings(max_examples=150)
@given(st.sampled_from(_NAMES), st.data())
def test_case_and_punctuation_do_not_matter(
    site: SiteRecogniser, name: str, data: st.DataObject
) -> None:
    """However a listed name is cased and its words are set apart, all of it is found."""
    cased = "".join(data.draw(st.sampled_from((c.lower(), c.upper()))) for c in name)
    cased = cased.replace("'", data.draw(st.sampled_from(["'", "\u2019", ""])))
    words = cased.split()
    gaps = data.draw(
        st.lists(st.sampled_from([" ", ", ", "-", "  ", "\n"]), min_size=3, max_size=3)
    )
    shown = words[0] + "".join(gap + word for gap, word in zip(gaps, words[1:], strict=False))
    text = f"about {shown}{data.draw(st.sampled_from(['', '.', '?', ',', '!']))}"
    assert shown in [piece for _, piece in found(site, text)]


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_no_text_breaks_the_look_up(site: SiteRecogniser, text: str) -> None:
    """Whatever the text, findings lie inside it."""
    assert all(0 <= one.start < one.end <= len(text) for one in site.find(text))


def test_only_patients_are_told_as_patients(tmp_path: Path) -> None:
    """A patient's whole name is told from staff's, and from a part of a name."""
    lists = load_lists(written(tmp_path / "lists"))
    assert lists.is_patient("Margaret O\u2019Connor's")
    assert lists.is_patient("margaret oconnors")
    assert not lists.is_patient("tom wilson")
    assert not lists.is_patient("oconnor")
    assert lists.mark("mary long") == Mark.WHOLE
    assert no_lists().mark("mary long") == Mark.NONE


@pytest.mark.parametrize("second", [False, True])
def test_a_gate_with_lists_holds_what_it_freed(tmp_path: Path, *, second: bool) -> None:
    """Room and hub hold a listed name that rules alone pass, in any form; the rest stays free."""
    path = written(tmp_path / "lists", Sources(patients=["Grace Hope"], places=["Temple Tinker"]))
    build = build_second_judge if second else build_gate
    gate = build(PhiPolicy(timeout_s=20, lists=path), None)
    for text in ("which statin would grace hope tolerate", "which statin does temple tinker stock"):
        assert not build(PhiPolicy(timeout_s=20), None).judge(Transcript(text, 1.0)).held
        assert [item.by for item in gate.judge(Transcript(text, 1.0)).items] == ["site"]
    assert not gate.judge(Transcript("which statin has the best evidence", 1.0)).held


def test_the_formulary_frees_no_patient(tmp_path: Path) -> None:
    """A drug of the formulary is free, a listed patient's whole name never, however allowed."""
    path = written(tmp_path / "lists", Sources(patients=["Zelva Okafor"], formulary=["Zelvaron"]))
    freed = ("zelva okafor", "tom wilson", "okafor", "zelva")
    policy = PhiPolicy(timeout_s=20, lists=path, allow=freed, drug_names=freed)
    gate = build_gate(policy, None)
    item = next(iter(gate.judge(Transcript("patient zelva okafor", 1.0)).items))
    assert (item.start, item.by) == (8, "site")
    assert not gate.judge(Transcript("patient zelvaron", 1.0)).held
    assert build_gate(PhiPolicy(timeout_s=20), None).judge(Transcript("patient zelvaron", 1)).held


def _changed(data: bytes, **fields: object) -> bytes:
    return canonical({**json.loads(data), **fields})


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"\xff{",
        lambda data: _changed(data, formulary=["margaret"]),
        lambda data: _changed(data, hashes=""),
        lambda data: _changed(data, marks="", hashes=""),
        lambda data: _changed(data, words=1),
        lambda data: _changed(data, v=2),
        lambda data: _changed(data, salt="00" * 32),
        lambda data: _changed(data, check="0" * 64),
        lambda data: _changed(data, more=1),
    ],
)
def test_an_altered_file_gives_no_gate(tmp_path: Path, alter: object) -> None:
    """Whatever is changed in the file, no gate is built, and the error names file and remedy."""
    path = written(tmp_path / "lists")
    data = alter(path.read_bytes())  # type: ignore[operator]  # a lambda of the list above
    write_lists(path, data)
    with pytest.raises(Unverified, match="phi lists make") as caught:
        build_gate(PhiPolicy(lists=path), None)
    assert str(path) in str(caught.value)


def test_a_missing_or_open_file_gives_no_gate(tmp_path: Path) -> None:
    """A file that is away, or that others can read, is refused by name."""
    path = written(tmp_path / "lists")
    path.chmod(0o640)
    with pytest.raises(Unverified, match="chmod 600"):
        load_lists(path)
    with pytest.raises(WrongUse, match="none"):
        build_second_judge(PhiPolicy(lists=tmp_path / "none"), None)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """The file is 0600 from the start, also where a crash left another before it."""
    path = tmp_path / "lists"
    (tmp_path / "lists.part").write_text("left by a crash")
    assert written(path).stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["lists"]


@pytest.mark.parametrize("line", ["Anna Smith,1952-01-01", "Юрий", "--"])
def test_a_line_that_is_no_name_is_told_by_its_number(line: str) -> None:
    """What can't be a name is bad input told by source and line, without its words."""
    with pytest.raises(BadInput, match="patients line 2") as caught:
        make_lists(Sources(patients=["Anna Smith", line]), SALT, load_lexicon())
    assert "Anna" not in str(caught.value)
    assert line not in str(caught.value)


def test_the_command_makes_a_file(tmp_path: Path) -> None:
    """The command reads text and one-column CSV, tells counts and what it left out, no names."""
    patients, formulary = tmp_path / "patients.csv", tmp_path / "drugs.txt"
    patients.write_text('\ufeffname\n"O\'Connor, Margaret"\n\nJames Cook\n', "utf-8")
    formulary.write_text("Metformin\nCamila\n")
    out = tmp_path / "lists"
    arguments = ["make", "--patients", str(patients), "--formulary", str(formulary)]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out), "--json"])
    report = json.loads(done.stdout)
    assert (report["patients"], report["formulary"]) == (2, 2)
    assert report["unused"] == ["formulary line 2"]
    assert load_lists(out).is_patient("margaret o'connor")
    shown = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert "Camila" not in shown.output
    assert "formulary line 2" in shown.output


@pytest.mark.parametrize("arguments", [[], ["--patients", "none.txt"]])
def test_the_command_says_what_it_lacks(tmp_path: Path, arguments: list[str]) -> None:
    """Without a list, or with one that is not there, nothing is written and the error says so."""
    out = tmp_path / "lists"
    done = CliRunner().invoke(app, ["make", "--out", str(out), *arguments])
    assert isinstance(done.exception, VoiceAssistError)
    assert not out.exists()
