from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.documents.passages import split
from voiceassist.knowledge.text.sentences import sentences

WORD = st.sampled_from(
    ["Give", "5", "mg", "e.g.", "Dr.", "2.5", "every", "6", "hours.", "Not", "(unless", "ill).",
     "-", "pain;", "fever,", "He", "slept.", "U.S.", "always!"]
)  # fmt: skip
TEXT = st.lists(st.lists(WORD, min_size=1, max_size=260).map(" ".join), min_size=1, max_size=5).map(
    lambda parts: "\n\n".join(f"## Part {i}\n\n{part}" for i, part in enumerate(parts))
)


def texts(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


def read(text: str) -> Document:
    return read_document("a.md", text.encode(), Limits())


def test_abbreviations_and_decimals_end_no_sentence() -> None:
    """Doses, titles and Latin abbreviations stay inside their sentence."""
    said = "Dr. Fox gave 2.5 mg b.i.d. for pain, e.g. Aspirin. The U.S. Guideline agrees. It works!"
    assert texts(said) == [
        "Dr. Fox gave 2.5 mg b.i.d. for pain, e.g. Aspirin.",
        "The U.S. Guideline agrees.",
        "It works!",
    ]


def test_bullets_run_into_a_line_are_sentences_of_their_own() -> None:
    """Lists that lost their line breaks are split at the bullets after a stop."""
    assert texts("Factors are: - Being old. - Being ill.") == [
        "Factors are:",
        "Being old.",
        "Being ill.",
    ]


def test_a_lost_space_after_a_stop_still_ends_a_sentence() -> None:
    """Text that lost its spaces, "year.Of these", is still two sentences."""
    assert texts("It is rare each year.Of these most recover.") == [
        "It is rare each year.",
        "Of these most recover.",
    ]


@given(st.text(max_size=300))
def test_sentences_lose_no_word(text: str) -> None:
    """Spans are in order and leave nothing between them but space and bullets."""
    end = 0
    for span in sentences(text):
        assert end <= span.start < span.end <= len(text)
        assert not any(c.isalnum() for c in text[end : span.start])
        end = span.end
    assert not any(c.isalnum() for c in text[end:])


@given(TEXT)
def test_passages_are_exact_short_and_within_one_heading(text: str) -> None:
    """A passage is exactly its span of the document, bounded, and never crosses a heading."""
    document = read(text)
    headings = [b for b in document.blocks if b.kind == "heading"]
    end = 0
    for draft in split(document):
        assert document.text[draft.start : draft.end] == draft.text
        assert draft.start >= end
        assert len(draft.text.split()) <= 150
        assert not any(draft.start <= h.start < draft.end for h in headings)
        end = draft.end


@given(TEXT)
def test_passages_leave_no_word_out(text: str) -> None:
    """Every word that is not a heading can be found."""
    document = read(text)
    covered = {i for draft in split(document) for i in range(draft.start, draft.end)}
    for block in document.blocks:
        if block.kind != "heading":
            inside = range(block.start, block.end)
            assert all(i in covered for i in inside if document.text[i].isalnum())


def test_a_passage_knows_its_place_and_searches_its_headings() -> None:
    """The place is for a person, the context carries title and headings for search."""
    drafts = split(read("# Croup\n\n## Care\n\n### At home\n\nKeep calm.\n"))
    assert [(d.place, d.context) for d in drafts] == [("Care > At home", "Croup. Care. At home")]
