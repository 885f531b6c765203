"""Puts gates together: the room's, and the hub's second judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from presidio_analyzer import EntityRecognizer

from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import PhiTagger, WordClassifier
from voiceassist.errors import Unavailable
from voiceassist.phi.documents import DocumentJudge
from voiceassist.phi.frame import Analyser
from voiceassist.phi.gate import Gate
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lists import SiteLists, load_lists
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.recognisers.ages import AgeRecogniser
from voiceassist.phi.recognisers.contact import ContactRecogniser
from voiceassist.phi.recognisers.dates import DateRecogniser
from voiceassist.phi.recognisers.ids import IdRecogniser
from voiceassist.phi.recognisers.models import (
    ClassifierRecogniser,
    EntityRecogniser,
    TaggerRecogniser,
)
from voiceassist.phi.recognisers.names import NameRecogniser
from voiceassist.phi.recognisers.places import PlaceRecogniser
from voiceassist.phi.recognisers.site import SiteRecogniser

_SECOND_CEILING = 0.4
_CANARY = "my patient john smith born march third nineteen fifty two m r n four four one two nine"


def rules() -> list[EntityRecognizer]:
    """The recognisers that need no weights."""
    lexicon = load_lexicon()
    return [
        DateRecogniser(), AgeRecogniser(), IdRecogniser(), ContactRecogniser(),
        PlaceRecogniser(lexicon), NameRecogniser(lexicon),
    ]  # fmt: skip


def build_gate(policy: PhiPolicy, classifier: WordClassifier | None) -> Gate:
    """The room's gate: rules on both forms, the classifier on the canonical one.

    Without the classifier the rules judge alone, which a room never does: for tests, first looks.
    spaCy is the second judge's: in 11,400 made-up queries it found nothing that these miss.
    """
    learned = [] if classifier is None else [ClassifierRecogniser(load_lexicon(), classifier)]
    return _gate(policy, [*rules(), *learned])


def build_second_judge(policy: PhiPolicy, tagger: PhiTagger | None) -> Gate:
    """The hub's gate, on what a room cleared; what it holds is a room's mistake.

    Thresholds are lower, and in the room's classifier's place stand spaCy and a tagger, which
    others trained on other texts. Without the tagger (None) rules and spaCy judge alone, which a
    hub never does.
    """
    lower = {kind: min(score, _SECOND_CEILING) for kind, score in policy.thresholds.items()}
    stricter = policy.model_copy(update={"thresholds": lower})
    learned: list[EntityRecognizer] = [EntityRecogniser(load_lexicon())]
    if tagger is not None:
        learned.append(TaggerRecogniser(load_lexicon(), tagger))
    return _gate(stricter, [*rules(), *learned], pipeline=True)


def build_document_judge(policy: PhiPolicy) -> DocumentJudge:
    """The gate's rules and the clinic's lists, over whole documents.

    Nothing learned: a classifier over every sentence would take longer than the indexing.
    """
    lexicon, lists = load_lexicon(), load_lists(policy.lists)
    finder = Analyser([*rules(), SiteRecogniser(lexicon, lists)], pipeline=False)
    free = _free(policy, lists)
    judge = DocumentJudge(policy, finder, lexicon, lists.is_patient, free)
    if not judge.items(_CANARY):
        raise Unavailable("the PHI gate finds nothing in its own test; reinstall voiceassist")
    return judge


def _proven(gate: Gate) -> Gate:
    """The gate, if it holds what any gate must; raises `Unavailable` otherwise."""
    if not gate.judge(Transcript(_CANARY, confidence=1.0)).items:
        raise Unavailable("the PHI gate finds nothing in its own test; reinstall voiceassist")
    return gate


def _gate(
    policy: PhiPolicy, on_canonical: Sequence[EntityRecognizer], *, pipeline: bool = False
) -> Gate:
    lists = load_lists(policy.lists)
    site = SiteRecogniser(load_lexicon(), lists)
    heard = Analyser([*rules(), site], pipeline=False)
    spoken = Analyser([*on_canonical, site], pipeline=pipeline)
    return _proven(Gate(policy, heard, spoken, _free(policy, lists)))


def _free(policy: PhiPolicy, lists: SiteLists) -> Callable[[str], bool]:
    """Whether an allow list frees a stretch: never a listed patient's whole name."""
    entries = (*policy.allow, *policy.drug_names, *lists.formulary)
    allowed = frozenset(entry.lower() for entry in entries)
    return lambda stretch: stretch in allowed and not lists.is_patient(stretch)
