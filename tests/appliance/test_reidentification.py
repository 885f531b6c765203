"""Re-identification through the real gate: what leaves the room holds no original item."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from appliance.adapters.judging import JudgeStage
from appliance.turn import run_turn
from voiceassist.contract.speech import Transcript
from voiceassist.phi.build import build_gate
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy

Make = Callable[..., Any]
# a held question, and in brackets what must never leave of it
HELD = """
what is the dose of warfarin for [john smith]
my patient [maria gonzalez] born [march third nineteen fifty two] takes metformin is contrast safe
mr [okafor] has a creatinine of two point one how do i dose enoxaparin
m r n [four four one two nine six] needs potassium replaced what rate is safe
the patient's date of birth is [oh three slash twelve slash fifty two] is a shingles vaccine due
her sister [anna] has lupus what should she be screened for
he was admitted on the [third of june] with sepsis which antibiotic is best
patient spelled [o k a f o r] needs a refill of lisinopril what interactions are there
a [ninety four] year old woman with atrial fibrillation should she get apixaban
he turned [ninety three] today is rosuvastatin still useful
she is in her [nineties] and has osteoporosis is zoledronic acid safe
the patient lives at [twelve oak street] and has asthma which inhaler is best
my patient from [springfield] illinois has lyme disease how long do i give doxycycline
she was seen at [mercy general] hospital for pneumonia when do i repeat the x ray
call her at [five five five one two three four five six seven] what dose of naproxen in gout
his phone number is [two one two five five five oh one four seven] with gout is colchicine safe
fax the guideline on copd to [six one seven five five five nine nine oh one]
email [j dot smith at example dot com] about the metformin dose in renal failure
his email is [jane underscore doe at example dot org] and he needs statin advice
social security number [one two three four five six seven eight nine] what vaccines are due
her insurance id is [x y z three four five six seven] is semaglutide indicated in obesity
account number [eight eight one two three four] how is cellulitis treated in this patient
driver's license [d one two three four five six seven] what is the dose of naloxone for him
the pacemaker serial number is [p m seven seven eight nine four two] is an m r i safe
license plate [seven k x t four two nine] how is whiplash treated
medicare number [one e g four t e five m k seven three] is a pneumococcal vaccine covered
the [mayor's daughter] has mono when can she play sports again
the patient in room [four one two] has hyperkalemia how do i treat it
dr [patel] wants to know the target inr for a mechanical mitral valve in [john smith]
nurse [kelly] asked how fast to give vancomycin to mrs [alvarez]
ip address [one nine two dot one six eight dot one dot ten] what is a normal heart rate
see www dot [janesmith] dot com for her history how is psoriasis treated
how much amoxicillin for [timmy brown] who was born on [october second] twenty twenty four
[John Smith], DOB [03/12/1952], MRN [441296], has CKD stage 3. What is the dose of gabapentin?
Mrs. [Kowalski], 71, was discharged on [June 3], 2023 on warfarin. When is her INR due?
is amiodarone safe with simvastatin for my neighbor [bob miller]
her name is [anna kowalski] and she takes lisinopril what are the side effects
he lives in [milwaukee] and has a cough after bird exposure what could this be
patient identified as [seven seven four four one] has hepatitis c how is it treated
her [voiceprint] id [five five one two three four] what is the dose of prednisone in asthma
treat [john smith] and [mary jones] with doxycycline for how long
certificate number [four five five six seven eight] for vaccine exemption when is it justified
"""
LINES = HELD.strip().splitlines()


@dataclass(frozen=True)
class Up:
    up: bool = True


@pytest.fixture(scope="module")
def gate() -> Gate:
    return build_gate(PhiPolicy(timeout_s=20), None)


def original(line: str) -> tuple[str, set[str]]:
    """What is heard, and the words of its items that the rest doesn't say."""
    inside = set(re.findall(r"\w+", " ".join(re.findall(r"\[(.*?)\]", line)).lower()))
    outside = set(re.findall(r"\w+", re.sub(r"\[.*?\]", " ", line).lower()))
    return re.sub(r"[\[\]]", "", line), inside - outside


async def test_nothing_leaves_of_a_held_question(make_room: Make, gate: Gate) -> None:
    """Of forty held questions of every kind not one request leaves a room as it comes."""
    room = make_room(gate=JudgeStage(gate))
    for line in LINES:
        room.hearing.text, _ = original(line)
        record = await run_turn(room.box, room.frames, Up(), "t")
        assert record.verdict.held, line
    assert room.hub.asked == []


async def test_a_generalised_request_holds_no_original_item(make_room: Make, gate: Gate) -> None:
    """Of the requests that a yes lets out, none has a word of an item; most questions have one."""
    leaked, asked = set[str](), 0
    for line in LINES:
        room = make_room(gate=JudgeStage(gate), generalise=True)
        room.hearing.text, items = original(line)
        record = await run_turn(room.box, room.frames, Up(), "t1")
        assert room.hub.asked == []
        room.hearing.text = "yes"
        await run_turn(room.box, room.frames, Up(), "t2")
        if not record.offered:
            continue
        (request,) = room.hub.asked
        asked += 1
        leaked |= items & set(re.findall(r"\w+", request.lower()))
    assert leaked == set()
    assert asked > len(LINES) * 3 // 4


async def test_a_follow_up_to_a_held_question_is_not_offered(make_room: Make, gate: Gate) -> None:
    """After a held question went out generalised, "and her sister" is held and not offered."""
    room = make_room(gate=JudgeStage(gate), generalise=True)
    for text in ("what is the dose of warfarin for john smith", "yes"):
        room.hearing.text = text
        await run_turn(room.box, room.frames, Up(), "t")
    assert len(room.hub.asked) == 1
    room.hearing.text = "and what about her sister anna with a lower dose of warfarin"
    record = await run_turn(room.box, room.frames, Up(), "t")
    assert "follow_up" in record.verdict.reasons
    assert not record.offered
    assert len(room.hub.asked) == 1


def test_the_gate_holds_every_one_of_them_for_its_items(gate: Gate) -> None:
    """Each question is held for what it names, so that the tests above ask what they should."""
    for line in LINES:
        text, _ = original(line)
        assert gate.judge(Transcript(text, confidence=1.0)).reasons == ("items",), line
