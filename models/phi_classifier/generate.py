"""Makes sentences with marked identifiers, and look-alikes without, from a seed.

A sentence is a list of pieces `(words, kind)`; kind "" is free. Stems, subjects and tails are
combined at random, so that the classifier learns what stands around an identifier, not whole
sentences. Nothing here comes from an evaluation set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import slots

from voiceassist.phi.wordlists import split_words

Piece = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Example:
    """`spans` are (kind, start, end) in `text`."""

    text: str = field(repr=False)
    spans: tuple[tuple[str, int, int], ...]


CONDITIONS = (
    "hypertension", "type 2 diabetes", "asthma", "copd", "atrial fibrillation", "heart failure",
    "gout", "migraine", "rheumatoid arthritis", "parkinson's disease", "alzheimer's disease",
    "crohn's disease", "graves disease", "hodgkin lymphoma", "chronic kidney disease",
    "a urinary tract infection", "community acquired pneumonia", "cellulitis",
    "deep vein thrombosis", "pulmonary embolism", "iron deficiency anemia", "hypothyroidism",
    "major depressive disorder", "generalized anxiety", "bipolar disorder", "epilepsy",
    "multiple sclerosis", "osteoporosis", "hyperlipidemia", "psoriasis", "eczema",
    "acute otitis media", "strep throat", "sepsis", "dvt", "stage 3 breast cancer",
    "metastatic prostate cancer", "colorectal cancer", "melanoma", "lupus", "hiv", "hepatitis c",
    "cirrhosis", "pancreatitis", "gerd", "peptic ulcer disease", "ulcerative colitis",
    "celiac disease", "preeclampsia", "gestational diabetes", "postpartum hemorrhage",
    "sickle cell disease", "hemophilia", "stroke", "a hip fracture", "low back pain",
    "carpal tunnel syndrome", "sleep apnea", "obesity", "alcohol withdrawal", "bell's palsy",
    "guillain barre syndrome", "cushing's syndrome", "addison's disease", "marfan syndrome",
)  # fmt: skip
DRUGS = split_words(
    """
    metformin lisinopril amlodipine atorvastatin warfarin apixaban rivaroxaban amoxicillin
    azithromycin doxycycline ciprofloxacin nitrofurantoin prednisone methotrexate adalimumab
    levothyroxine omeprazole losartan metoprolol gabapentin sertraline fluoxetine lithium
    lamotrigine levetiracetam insulin semaglutide empagliflozin furosemide spironolactone digoxin
    clopidogrel aspirin ibuprofen acetaminophen tramadol morphine albuterol montelukast tamoxifen
    pembrolizumab vancomycin ceftriaxone acyclovir allopurinol colchicine tylenol bactrim
    """
)
BRANDS = split_words(
    """
    lipitor crestor zocor norvasc zestril diovan coumadin eliquis xarelto plavix brilinta lasix
    synthroid glucophage januvia jardiance farxiga ozempic wegovy mounjaro trulicity victoza lantus
    humalog novolog zoloft prozac lexapro celexa wellbutrin effexor cymbalta xanax ativan klonopin
    ambien lunesta belsomra adderall ritalin concerta vyvanse seroquel zyprexa abilify risperdal
    depakote keppra lamictal topamax neurontin lyrica ultram percocet norco vicodin oxycontin advil
    motrin aleve celebrex humira enbrel remicade stelara dupixent advair symbicort spiriva singulair
    ventolin flonase zyrtec claritin allegra nexium prilosec pepcid zofran augmentin zithromax cipro
    levaquin keflex valtrex tamiflu paxlovid viagra cialis flomax proscar fosamax prolia premarin
    mirena nuvaring shingrix entresto sudafed mucinex benadryl tums miralax valium suboxone narcan
    """
)
DRUGS += BRANDS
DRUGS += ["sacubitril valsartan", "amoxicillin clavulanate", "insulin glargine", "tiotropium"]
COUNTRIES = (
    "mexico", "india", "china", "brazil", "peru", "nigeria", "kenya", "ghana", "haiti", "vietnam",
    "thailand", "the philippines", "pakistan", "bangladesh", "egypt", "ethiopia", "somalia", "chad",
    "georgia", "jordan", "turkey", "russia", "ukraine", "poland", "germany", "france", "italy",
    "spain", "england", "ireland", "canada", "japan", "korea", "cuba", "guatemala", "honduras",
    "colombia", "africa", "southeast asia", "the united states", "australia", "the caribbean",
)  # fmt: skip
ACRONYMS = split_words(
    """
    kdigo gold gina nice uspstf acog aha acc ada esc idsa nccn asco who cdc fda hipaa hedis chads
    mmse phq gad nihss apache sofa meld curb tsh psa bnp ana crp esr ige hla jak2 brca1 brca2 kras
    egfr her2 braf mthfr apoe cyp2c19 mrsa esbl copd ards sglt2 glp1 dpp4 ace arb nsaid ppi ssri
    """
)
TESTS = (
    "tsh", "bnp", "a1c", "inr", "creatinine", "potassium", "troponin", "d dimer", "lipase", "mri",
    "ct scan", "biopsy", "echo", "ekg", "urine culture", "blood culture", "colonoscopy", "vitamin d",
    "hemoglobin", "platelet count", "liver enzymes", "psa", "pap smear", "mammogram", "bone density",
)  # fmt: skip
HEADS = (
    "syndrome", "disease", "sign", "score", "criteria", "trial", "catheter", "reflex", "palsy",
    "procedure", "test", "tumor", "law", "classification", "fracture", "hernia", "ataxia", "index",
    "maneuver", "scale", "nodes", "disorder", "anomaly", "dystrophy", "lymphoma", "study", "vaccine",
)  # fmt: skip
_STEMS = (
    "what is the latest treatment protocol for {c} in", "best practices for managing {c} in",
    "recommended dose of {d} for", "what are the side effects of {d} in", "is {d} safe with {e} for",
    "guidelines for {c} in", "can i give {d} to", "management options for", "rec mgmt of {c} in",
    "should we start {d} in", "what is the next step for", "dose adjustment of {d} in renal failure for",
    "current recommendations for anticoagulation in", "please look up {c} for", "find the protocol on {c} for",
    "how long should {d} be continued in", "what monitoring does {d} need in", "evaluation of {c} in",
    "long term outcomes of {d} in", "is there a guideline for {c} in", "compare {d} and {e} for",
    "tx options for {c} in", "when should i refer", "discharge instructions for {c} for",
)  # fmt: skip
_SUBJECTS = (
    "a {a} year old {s}", "a {a} year old {s} with {c}", "a {a}yo {s}", "an adult", "a patient",
    "pt", "a {s} patient", "a {a} year old", "my patient", "adults over {a}", "a {s} aged {a}",
    "this patient", "a child", "a pregnant woman", "{a} yo {s} w hx of {c}", "an elderly {s}",
)  # fmt: skip
_SEX = ("male", "female", "man", "woman", "boy", "girl", "m", "f", "african american male",
        "hispanic female", "asian woman", "gentleman", "lady", "veteran")  # fmt: skip
_FREE_TAILS = (
    "recently", "last year", "in {y}", "seen at our clinic", "two weeks ago", "for six months",
    "with a creatinine of 2.1", "with an inr of 3.4", "taking {d} {n} mg twice a day", "in {st}",
    "with a history of {c}", "on {d} and {e}", "according to the {y} guidelines", "with bp 150 over 90",
    "treated at a tertiary center", "in a rural hospital", "a1c 8.2", "with a wells score of 3",
    "diagnosed in {y}", "after surgery last month", "seen by a cardiologist", "at a community clinic",
    "with a family history of {c}", "based on the {tr} trial", "from the emergency department",
    "who lives alone", "who smokes", "for the past three days", "every 8 hours for 10 days",
    "according to the american heart association", "from the mayo clinic guidelines", "weight 82 kg",
    "like the patient", "named in the guideline", "previously treated", "insurance policy", "m r n",
    "egfr 45", "potassium 5.2", "in the icu", "phone", "contact", "last seen recently", "i d",
)  # fmt: skip
_FREE = (
    "bp {b} over {n1} heart rate {b} what should i adjust", "bp {b}/{n1} pulse {n1} afebrile",
    "blood pressure {b}/{n1} on {d}", "pain is {k}/10 with {c}", "visual acuity 20/{n1} in the left eye",
    "serial sevens 93 86 79 72 65 is that normal", "fio2 {n1} peep {k} tidal volume 4{n1} next move",
    "{d} taper {n1} {n1} {k} three days each", "titrate {d} {k} {n1} 1{n1} over four weeks",
    "max daily dose of {d} is {n}", "{d} bolus {n1} units per kilo then {k} units per kilo per hour",
    "temp 10{k} sats {n1} percent on room air", "sodium {b} potassium {k} bicarb {n1}",
    "weight {n1} kilos height 1{n1} centimeters bmi {n1}", "a1c {k}.{k} fasting glucose {b}",
    "platelets {b} hemoglobin {k} white count {k}.{k}", "wbc {k} crp {b} lactate {k}.{k}",
    "can she switch from {d} to {e} without a washout", "missed a dose of {d} what now",
    "can i combine {d} and {e}", "{d} {n} mg twice daily or {e} {n} mg once daily",
    "stop {d} start {e} and recheck the {l} in {k} weeks", "order a {l} and a chest x ray",
    "born in {co} bcg vaccinated is the skin test reliable", "moved here from {co} as a child",
    "the patient traveled to {co} last month and has a fever", "returned from {co} with diarrhea",
    "she is from {st} is {c} common there", "in {st} can a nurse prescribe {d}", "hiking in {st} state",
    "can i email a patient about a {l} under hipaa", "what does the {ac} guideline say about {c}",
    "the {y} {ac} guideline on {c}", "does medicare cover {d}", "icd 10 code for {c}", "{co} {y} rates of {c}",
    "array shows del {k}p which specialist", "karyotype 4{k} xxy what next", "{ac} positive {c}",
    "her mother had {c} at {a}", "his wife reports {c} at night", "the nurse asked about {d}",
    "heart rate in the nineties adjust {d}", "a {a} year old {s} with a bp of {b} over {n1}",
    "{ac} score of {k} in {c}", "the patient says {d} makes her dizzy", "how do i document {c}",
    "need a note for work for {k} days", "refer to the emergency department", "what is the {l} cutoff for {c}",
    "what side effects does {d} have", "does my insurance cover {d}", "thanks doctor is {d} safe for me",
    "what is {ep}", "what are the symptoms of {ep}", "how is {ep} treated", "is {ep} inherited",
    "what causes {ep}", "how to diagnose {ep}", "does a positive {ep1} mean {c}",
    "how do i calculate the {ep1}", "what is the {n} mg dose of {d}", "does {d} interact with {e}",
    "what genes are related to {ep}", "how many people are affected by {ep}",
    "can i take {d} with {e} while pregnant", "should i stop {d} before surgery",
    "is {c} more common in {st}", "what did the {tr} trial show about {d}", "do i need antibiotics",
    "{c}: does {d} improve outcomes", "is {d} better than {e} in the elderly",
    "what is the outlook for {ep}", "are there clinical trials for {ep} in {y}",
    "what is chromosome {n} deletion syndrome", "how often should the dose be repeated",
    "so should i take it in the morning or at night", "is it normal to feel tired after {d}",
    "does the {y} update of the {tr} guideline change anything for {c}",
)  # fmt: skip
_SHORT: tuple[Sequence[Piece | str], ...] = (
    ("can", "NAME", "take {d} with {c}"), ("tell", "NAME", "to come in for the {l}"),
    ("NAME's", "{l} is back is it {c}"), ("discharge", "NAME", "on {d} diagnosis {c}"),
    ("miss", "TITLED", "wants to stop {d}"), ("does", "NAME's", "{c} need {d}"), ("hold", "NAME's", "{d}"),
    ("what did", "FACILITY", "say about her {c}"), ("get the {l} records from", "FACILITY"),
    ("send the referral for {c} to", "FACILITY"), ("he was hospitalized in", "TOWN", "for {c}"),
    ("patient resides in", "TOWN", "history of {c}"), ("send the {d} to the pharmacy in", "TOWN"),
    ("the kid goes to school in", "TOWN"), ("my patient lives there in", "TOWN"), ("lives alone in", "TOWN"),
    ("room three is", "SHORT_AGE", "{c} on {d}"), ("SHORT_AGE", "with {c}"), ("at", "YEARS", "does treating {c} help"),
    ("she had her", "BIRTHDAY", "and has {c}"), ("she is in her", "DECADE", "with {c}"),
    ("pull the {l} from", "DATE"), ("the biopsy from", "DATE", "was abnormal"), ("DATE", "seen for {c}"),
    ("placard for", "PLATE", "because of {c}"), ("PLATE", "is the plate she drove with {c}"),
    ("the plate was", "PLATE", "driver had {c}"), ("vin", "VIN", "for the adapted van"),
    ("serial", "CODE", "on her pump"), ("udi", "UDI", "mri safe"), ("her router", "NETWORK", "blocks the monitor"),
    ("the balance under", "CODE", "is why he stopped {d}"), ("member", "CODE", "is {d} covered"),
    ("license", "CODE", "expired can she drive with {c}"), ("dea", "CODE", "to prescribe {d}"),
    ("see", "CONTACT", "for the result"), ("his page is", "CONTACT"), ("NAME", "had {c} in {y}"),
    ("start {d} for", "NAME", "and recheck in {k} weeks"), ("{l} for", "NAME"), ("message from", "NAME", "about {d}"),
    ("spell that", "SPELLED", "has {c}"), ("last name", "SPELLED", "on {d}"), ("SPELLED", "bed four has {c}"),
    ("is", "NAME", "allergic to {d}"), ("NAME", "wants to know whether {d} is safe"),
    ("when was", "NAME", "last here"), ("what did", "NAME's", "labs show"), ("call", "NAME", "at", "PHONE"),
    ("add a note for", "NAME", "on", "DATE"), ("NAME", "is due on", "DATE"), ("refill {d} for", "NAME"),
    ("my patient", "NAME", "has {c}"), ("mr", "TITLED", "takes {d} can he have {e}"),
    ("mrs", "TITLED", "from", "TOWN", "has {c}"), ("ms", "TITLED", "called about {c}"),
    ("dr", "TITLED", "asked about {d}"), ("doctor", "TITLED", "wants the {c} protocol"),
    ("send it to", "CONTACT"), ("email", "CONTACT", "about {c}"), ("fax the results to", "PHONE"),
    ("her number is", "PHONE"), ("patient id", "CODE", "dose of {d}"), ("look up", "CODE", "please"),
    ("she lives at", "ADDRESS"), ("he lives in", "TOWN", "and has {c}"),
    ("i saw", "NAME", "this morning about {c}"), ("NAME's", "mother has {c}"), ("AGE", "{s} with {c}"),
    ("his son", "NAME", "has {c} too"), ("her employer is", "FACILITY"), ("born", "DATE", "with {c}"),
    ("date of birth", "DATE", "is {d} safe"), ("transferred from", "FACILITY", "with {c}"),
    ("she works at", "FACILITY"), ("a teacher at", "FACILITY", "with {c}"), ("admitted to", "FACILITY", "on", "DATE"),
    ("what do they use at", "FACILITY", "for {c}"), ("referred by dr", "TITLED", "at", "FACILITY"),
    ("account number", "CODE", "{c}"), ("license plate", "CODE"), ("pacemaker serial", "CODE", "and mri safety"),
    ("the nurse", "NAME", "said {d} was given"), ("remind me about", "NAME"), ("NAME", "{a} {s} {c}"),
    ("NAME", "AGE", "with {c}"), ("spelled", "NAME", "with {c}"), ("patient named", "NAME"),
    ("seen on", "DATE", "for {c}"), ("surgery was", "DATE", "can she restart {d}"),
)  # fmt: skip
_TAILS: tuple[tuple[Sequence[str], float], ...] = (
    (("NAME",), 3), (("named", "NAME"), 1), (("like", "NAME"), 1), (("mr", "TITLED"), 1),
    (("patient", "NAME"), 1), (("for", "NAME"), 1), (("seen by dr", "TITLED"), 1.5),
    (("under dr", "TITLED"), 0.5), (("referred by", "NAME"), 0.5), (("daughter of", "NAME"), 0.4),
    (("similar to", "NAME's", "case"), 0.6), (("seen at", "FACILITY"), 2), (("treated at", "FACILITY"), 2),
    (("admitted to", "FACILITY"), 1.5), (("from", "TOWN"), 1), (("who lives in", "TOWN"), 1),
    (("in", "TOWN"), 0.7), (("at", "FACILITY"), 1), (("works at", "FACILITY"), 0.5),
    (("at our", "TOWN", "office"), 0.4), (("residing at", "ADDRESS"), 0.5), (("on", "DATE"), 3),
    (("since", "DATE"), 0.7), (("born", "DATE"), 0.7), (("dob", "DATE"), 0.7), (("DATE",), 0.7),
    (("in early", "DATE"), 0.2), (("mrn", "CODE"), 1.5), (("m r n", "CODE"), 0.7),
    (("medical record number", "CODE"), 0.7), (("insurance id", "CODE"), 0.8), (("policy", "CODE"), 0.4),
    (("ssn", "CODE"), 0.5), (("id", "CODE"), 0.5), (("account", "CODE"), 0.4), (("phone", "PHONE"), 0.6),
    (("contact", "PHONE"), 0.4), (("email", "CONTACT"), 0.5), (("device serial", "CODE"), 0.3),
    (("license", "CODE"), 0.3), (("zip code", "ZIP"), 0.3), (("room", "ROOM"), 0.2),
)  # fmt: skip
_MAKE: dict[str, tuple[str, Callable[[Random], str]]] = {
    "NAME": ("NAME", slots.name), "TITLED": ("NAME", slots.titled), "TOWN": ("LOCATION", slots.town),
    "FACILITY": ("LOCATION", slots.facility), "ADDRESS": ("LOCATION", slots.address),
    "DATE": ("DATE", slots.date), "CODE": ("ID", slots.code), "PHONE": ("CONTACT", slots.phone),
    "CONTACT": ("CONTACT", slots.contact), "AGE": ("AGE", slots.old_age),
    "SHORT_AGE": ("AGE", lambda rng: f"{rng.randint(90, 104)}{rng.choice('mf')}"),
    "YEARS": ("AGE", lambda rng: f"{rng.randint(90, 104)} years"),
    "BIRTHDAY": ("AGE", lambda rng: f"{rng.choice(('hundred and second', '91st', '95th', '100th'))} birthday"),
    "DECADE": ("AGE", lambda rng: rng.choice(("nineties", "early nineties", "late nineties"))),
    "PLATE": ("ID", slots.plate), "VIN": ("ID", slots.vin), "UDI": ("ID", slots.udi),
    "NETWORK": ("CONTACT", slots.network), "SPELLED": ("NAME", slots.spelled),
    "ZIP": ("LOCATION", lambda rng: f"{rng.randint(10000, 99999)}"),
    "ROOM": ("ID", lambda rng: f"{rng.randint(1, 499)}"),
    "NAME's": ("NAME", lambda rng: slots.name(rng) + "'s"),
}  # fmt: skip


def examples(seed: int, count: int) -> Iterator[Example]:
    """`count` generated sentences; nearly half hold nothing."""
    rng = Random(seed)
    for _ in range(count):
        pick = rng.random()
        if pick < 0.3:
            pieces: list[Piece] = [(_fill(rng, rng.choice(_FREE)), "")]
            if rng.random() < 0.3:
                pieces.append((_fill(rng, rng.choice(_FREE)), ""))
        elif pick < 0.6:
            pieces = _short(rng)
            if rng.random() < 0.25:
                more = [(_fill(rng, rng.choice(_FREE)), "")]
                pieces = pieces + more if rng.random() < 0.5 else more + pieces
        else:
            pieces = _long(rng)
        yield assembled(rng, pieces)


def fill(rng: Random, slot: str) -> Piece:
    """A piece for a slot, its digits as written or as spoken."""
    kind, make = _MAKE[slot]
    words = make(rng)
    return (slots.spoken(rng, words) if rng.random() < 0.4 else words), kind


def assembled(rng: Random, pieces: Sequence[Piece]) -> Example:
    """The pieces in one text, with punctuation as recognition may set it."""
    punctuated = rng.random() < 0.5
    text, spans = "", []
    for words, kind in pieces:
        text += " " if text else ""
        if kind:
            spans.append((kind, len(text), len(text) + len(words)))
        text += words
        if punctuated and rng.random() < 0.3:
            text += rng.choice((",", ",", "."))
    return Example(text, tuple(spans))


def _short(rng: Random) -> list[Piece]:
    return [
        fill(rng, part) if part in _MAKE else (_fill(rng, part), "")
        for part in rng.choice(_SHORT)
        if isinstance(part, str)
    ]


def _long(rng: Random) -> list[Piece]:
    pieces = [(_fill(rng, rng.choice(_STEMS)), ""), (_fill(rng, rng.choice(_SUBJECTS)), "")]
    tails = [tail for tail, _ in _TAILS]
    weights = [weight for _, weight in _TAILS]
    marked = rng.choice((0, 1, 1, 1, 2, 2, 3))
    parts: list[list[Piece]] = [
        [fill(rng, part) if part in _MAKE else (part, "") for part in tail]
        for tail in rng.choices(tails, weights, k=marked)
    ]
    parts += [[(_fill(rng, rng.choice(_FREE_TAILS)), "")] for _ in range(rng.randint(0, 2))]
    rng.shuffle(parts)
    if rng.random() < 0.15:
        pieces, parts = [piece for part in parts for piece in part], [pieces]
    return pieces + [piece for part in parts for piece in part]


def eponym(rng: Random) -> str:
    """A term that bears a name: free, as long as the term's head follows."""
    names = " ".join(slots.surname(rng) for _ in range(rng.choice((1, 1, 1, 2, 2, 3))))
    owner = rng.choice(("", "", "'s"))
    return f"{names}{owner} {rng.choice(HEADS)}"


def _fill(rng: Random, form: str) -> str:
    values = {
        "c": rng.choice(CONDITIONS), "d": slots.drug(rng, DRUGS), "e": slots.drug(rng, DRUGS),
        "a": str(rng.randint(1, 89)), "s": rng.choice(_SEX), "y": str(rng.randint(1995, 2026)),
        "n": str(rng.choice((1, 2, 5, 10, 16, 22, 25, 50, 100, 250, 500, 750, 1000))),
        "st": rng.choice(slots.STATES), "co": rng.choice(COUNTRIES), "l": rng.choice(TESTS),
        "k": str(rng.randint(2, 9)), "b": str(rng.randint(90, 210)), "n1": str(rng.randint(11, 98)),
        "ac": rng.choice(ACRONYMS), "ep": eponym(rng), "ep1": eponym(rng),
        "tr": "".join(rng.choice("abcdefghilmnoprstuvw") for _ in range(rng.randint(4, 7))),
    }  # fmt: skip
    words = form.format(**values)
    return slots.spoken(rng, words) if rng.random() < 0.4 else words
