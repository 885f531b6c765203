from __future__ import annotations

from typing import Any

import pytest

GOUT = b"# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"
FEVER = (
    b"---\nspecialty: paediatrics\n---\n# Fever\n\nGive paracetamol 15 mg per kg to the child.\n"
)


@pytest.fixture
async def library(hub: Any) -> Any:
    hub.rooms.documents.add("gout.md", GOUT, "t")
    hub.rooms.documents.add("fever.md", FEVER, "t")
    hub.index()
    hub.rooms.editions.publish("t")
    return hub


async def _search(hub: Any, headers: dict[str, str], **body: Any) -> Any:
    return await hub.client.post("/api/v1/search", json=body, headers=headers)


async def test_what_is_published_is_found_with_its_place(library: Any) -> None:
    """A result names document, version, title and place, and shows the passage's own words."""
    headers = await library.sign_in_as("clinician")
    answer = await _search(library, headers, query="naproxen for gout", limit=5)
    body = answer.json()
    best = body["data"][0]
    assert best["document_id"] == "gout"
    assert best["title"] == "Gout"
    assert "naproxen 500 mg" in best["snippet"]
    scores = [one["relevance_score"] for one in body["data"]]
    assert scores == sorted(scores, reverse=True)
    assert body["metadata"]["pagination"]["size"] == 5


async def test_filters_apply_inside_the_search(library: Any) -> None:
    """The best of what is allowed is found, not what is left of the best."""
    headers = await library.sign_in_as("auditor")
    body = {"query": "give naproxen", "filters": {"specialty": "Paediatrics"}, "limit": 1}
    found = (await _search(library, headers, **body)).json()["data"]
    assert [one["document_id"] for one in found] == ["fever"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "x" * 501},
        {"query": "gout", "limit": 0},
        {"query": "gout", "limit": 51},
        {"query": "gout", "filters": {"colour": "red"}},
        {"query": "gout", "filters": {"on": "soon"}},
    ],
)
async def test_what_cannot_be_searched_is_told(hub: Any, fail: Any, body: dict[str, Any]) -> None:
    """The field at fault is named; the words are not repeated."""
    headers = await hub.sign_in_as("clinician")
    error = fail(await _search(hub, headers, **body), 422, "VALIDATION_ERROR")
    assert error["field"]
    assert "x" * 20 not in str(error)


async def test_nothing_published_finds_nothing(hub: Any) -> None:
    """A new clinic's search is empty, not an error."""
    headers = await hub.sign_in_as("clinician")
    assert (await _search(hub, headers, query="gout")).json()["data"] == []


async def test_words_searched_for_are_kept_nowhere(library: Any, net: Any) -> None:
    """Neither log nor trail has them: a patient's name may be among them."""
    headers = await library.sign_in()
    await _search(library, headers, query="gout of Mr Zebulon Quark")
    trail = await library.client.get("/api/v1/audit?size=200", headers=headers)
    assert "Quark" not in net.caught
    assert "Quark" not in trail.text
