from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from voiceassist.errors import WrongUse
from voiceassist.knowledge import cli
from voiceassist.knowledge.measuring.measure import ndcg


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "er").mkdir(parents=True)
    (folder / "er" / "anaphylaxis.md").write_text(
        "# Anaphylaxis\n\nThe dose of epinephrine in anaphylaxis is 0.5 mg into the thigh.\n"
    )
    (folder / "hands.txt").write_text("Hand washing\n===\n\nWash your hands with soap.\n")
    return folder


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch, embedder: Any) -> None:
    monkeypatch.setattr(cli, "_embedder", lambda profile: embedder)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("VOICEASSIST_EDITION", raising=False)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(a) for a in arguments])


def printed(result: Result) -> Any:
    return json.loads(result.stdout)


def test_build_search_and_ask(source: Path, tmp_path: Path) -> None:
    """A folder becomes an edition that can be searched and asked, with exact spans."""
    out = tmp_path / "edition"
    built = printed(run("build", source, "--out", out, "--json"))
    assert (built["edition"], built["documents"], built["new"]) == (1, 2, 2)
    found = printed(run("search", "epinephrine dose", "--edition", out, "--json"))
    assert found[0]["document"] == "er-anaphylaxis"
    said = printed(run("ask", "dose of epinephrine in anaphylaxis", "--edition", out, "--json"))
    assert said["found"]
    quote = said["sources"][0]
    assert quote["quote"] == "The dose of epinephrine in anaphylaxis is 0.5 mg into the thigh."
    assert quote["end"] - quote["start"] == len(quote["quote"])


def test_building_again_does_no_work(source: Path, tmp_path: Path, embedder: Any) -> None:
    """Unchanged documents keep their packs and the edition its number; a change makes the next."""
    out = tmp_path / "edition"
    run("build", source, "--out", out)
    embedder.calls.clear()
    assert printed(run("build", source, "--out", out, "--json"))["edition"] == 1
    assert embedder.calls == []
    (source / "hands.txt").write_text("Hand washing\n===\n\nWash your hands twice.\n")
    again = printed(run("build", source, "--out", out, "--json"))
    assert (again["edition"], again["new"]) == (2, 1)
    assert "twice" in printed(run("search", "hands", "--edition", out, "--json"))[0]["text"]


def test_a_question_outside_the_library_exits_with_1(source: Path, tmp_path: Path) -> None:
    """Nothing found is a failed check, said in words."""
    out = tmp_path / "edition"
    run("build", source, "--out", out)
    result = run("ask", "what is the weather tomorrow", "--edition", out)
    assert result.exit_code == 1
    assert "nothing on that" in result.stdout


def test_a_refused_file_is_named_and_the_others_are_built(source: Path, tmp_path: Path) -> None:
    """One bad file costs the exit status, not the edition."""
    (source / "broken.pdf").write_bytes(b"no pdf")
    result = run("build", source, "--out", tmp_path / "edition", "--json")
    assert result.exit_code == 1
    report = printed(result)
    assert report["documents"] == 2
    assert report["refused"][0].startswith("broken.pdf")


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_documents_is_wrong_use(tmp_path: Path, folder: str) -> None:
    """A missing or empty folder says what to name instead."""
    (tmp_path / "empty").mkdir()
    result = run("build", tmp_path / folder, "--out", tmp_path / "edition")
    assert isinstance(result.exception, WrongUse)


def test_searching_where_there_is_no_edition_is_wrong_use(tmp_path: Path) -> None:
    """The error names the command that makes one."""
    result = run("search", "dose", "--edition", tmp_path)
    assert isinstance(result.exception, WrongUse)
    assert "knowledge build" in str(result.exception)


def test_search_opens_the_edition_named_by_the_environment_or_built_last(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --edition: the environment's, else the last one, else an error that says so."""
    missing = run("search", "dose").exception
    assert isinstance(missing, WrongUse)
    assert "VOICEASSIST_EDITION" in str(missing)
    run("build", source, "--out", tmp_path / "one")
    assert printed(run("search", "epinephrine", "--json"))[0]["document"] == "er-anaphylaxis"
    (source / "er" / "anaphylaxis.md").unlink()
    run("build", source, "--out", tmp_path / "two")
    assert printed(run("search", "epinephrine", "--json"))[0]["document"] != "er-anaphylaxis"
    monkeypatch.setenv("VOICEASSIST_EDITION", str(tmp_path / "one"))
    assert printed(run("search", "epinephrine", "--json"))[0]["document"] == "er-anaphylaxis"


def test_search_takes_filters(source: Path, tmp_path: Path) -> None:
    """Specialty, day and superseded documents, from the command line."""
    head = "---\nspecialty: burns\neffective: 2030-01-01\nsuperseded_by: hands\n---\n"
    (source / "old.md").write_text(f"{head}Wash burns with water.\n")
    run("build", source, "--out", tmp_path / "edition")

    def found(*options: str) -> set[str]:
        said = run("search", "wash", "--limit", "9", "--json", *options)
        return {passage["document"] for passage in printed(said)}

    assert "old" not in found()
    assert "old" in found("--superseded")
    assert found("--superseded", "--specialty", "Burns") == {"old"}
    assert found("--superseded", "--specialty", "Burns", "--on", "2029-12-31") == set()


def test_a_bad_key_is_wrong_use(source: Path, tmp_path: Path) -> None:
    """A file that is no key is refused before anything is built."""
    (tmp_path / "key.pem").write_text("no key")
    result = run("build", source, "--out", tmp_path / "e", "--key", tmp_path / "key.pem")
    assert isinstance(result.exception, WrongUse)
    assert not (tmp_path / "e").exists()


def test_eval_reports_search_and_answers(source: Path, tmp_path: Path) -> None:
    """Hits, right quotations and both kinds of refusal are counted."""
    questions = tmp_path / "questions.jsonl"
    rows = [
        {"question": "dose of epinephrine in anaphylaxis", "file": "er/anaphylaxis.md"},
        {"question": "who won the football game", "file": None},
    ]
    questions.write_text("\n".join(json.dumps(row) for row in rows))
    figures = printed(run("eval", "--library", source, "--questions", questions, "--json"))
    assert figures["hit_at_3"] == 1
    assert figures["quoted_from_right_document"] == 1
    assert figures["false_refusal"] == 0
    assert figures["refused_outside"] == 1


def test_eval_holds_what_is_spoken_to_its_evidence(source: Path, tmp_path: Path) -> None:
    """Every citation resolves to its document's words, and nothing is spoken beyond them."""
    questions = tmp_path / "questions.jsonl"
    row = {"question": "dose of epinephrine in anaphylaxis", "file": "er/anaphylaxis.md"}
    questions.write_text(json.dumps(row))
    figures = printed(run("eval", "--library", source, "--questions", questions, "--json"))
    assert (figures["spoken_without_evidence"], figures["citations_resolve"]) == (0, 1)
    assert figures["spoken_sentences"] == figures["citations"] == 2


class Scripted:
    """A local model that says one thing."""

    model = "scripted"

    def __init__(self, text: str) -> None:
        self.text = text

    def generate(self, prompt: Any) -> Iterator[str]:
        yield self.text

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("Epinephrine in anaphylaxis is 0.5 mg into the thigh.", ["lead", "composed"]),
        ("Epinephrine in anaphylaxis is 5 mg into the thigh.", ["lead", "quote"]),
        ("NOT IN SOURCES", ["lead", "quote"]),
    ],
)
def test_ask_lets_a_model_join_what_its_quotations_support(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, kinds: list[str]
) -> None:
    """What the model writes is spoken where it is supported; else the quotation is."""
    out = tmp_path / "edition"
    run("build", source, "--out", out)
    monkeypatch.setattr(cli, "_generator", lambda profile: Scripted(written))
    question = "dose of epinephrine in anaphylaxis"
    said = printed(run("ask", question, "--edition", out, "--compose", "--json"))
    assert [one["kind"] for one in said["sentences"]] == kinds
    assert (said["edition"], said["found"]) == (1, True)
    assert [one["document"] for one in said["weak"]] == ["hands"]
    assert said["strength"] > 0.5


def test_ask_tells_what_was_weak(source: Path, tmp_path: Path) -> None:
    """Where nothing is found, what came nearest is told with why it isn't spoken."""
    out = tmp_path / "edition"
    run("build", source, "--out", out)
    said = printed(run("ask", "dose of epinephrine for a child", "--edition", out, "--json"))
    assert (said["found"], said["sources"]) == (False, [])
    assert said["weak"][0]["document"] == "er-anaphylaxis"
    assert said["weak"][0]["why"] in {"weak", "of something else"}


def test_attack_counts_what_passes(source: Path) -> None:
    """The command tells of each kind how many were tried and passed, and fails on a hole."""
    result = run("attack", source, "--json")
    assert result.exit_code == 0
    counted = printed(result)
    assert counted["honest: as it is"]["passed"] == counted["honest: as it is"]["tried"] > 0
    assert counted["false: number"] == {"tried": 1, "passed": 0}


def test_eval_reads_beirs_layout(tmp_path: Path) -> None:
    """Corpus, queries and qrels give nDCG and recall."""
    texts = {"1": "Aspirin thins the blood.", "2": "Insulin lowers the sugar."}
    (tmp_path / "corpus.jsonl").write_text(
        "\n".join(json.dumps({"_id": k, "title": f"T{k}", "text": v}) for k, v in texts.items())
    )
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "insulin sugar"}))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\t2\t1\n")
    figures = printed(
        run(
            "eval", "--json", "--corpus", tmp_path / "corpus.jsonl",
            "--queries", tmp_path / "queries.jsonl", "--qrels", tmp_path / "qrels.tsv",
        )
    )  # fmt: skip
    assert (figures["ndcg_at_10"], figures["recall_at_5"]) == (1, 1)


def test_ndcg_discounts_what_comes_late() -> None:
    """First is 1, second is 1 / log2(3), absent is 0."""
    assert ndcg(["a", "b"], {"a": 1}, 10) == 1
    assert ndcg(["b", "a"], {"a": 1}, 10) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(["b"], {"a": 1}, 10) == 0
