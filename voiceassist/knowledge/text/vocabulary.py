"""What clinicians say, in words: short forms, other names, spellings. The project's own tables.

Only what has one common meaning in a clinic stands in `MEANINGS`: an expansion that is wrong
would find the wrong passage. Several names of one thing are parted by semicolons; the first is
what the embedder is told.
"""

from __future__ import annotations

import re

from voiceassist.knowledge.text.jargon import SPOKEN, UNITS

_COMMON = """
    a about after all also am an and any are as ask at be been being both but by can could did do
    does doing each few for from get give given go got had has have having he her here hers him
    his how i if in into is it its itself just kind let like look many may me might more most much
    must my of off often on one or other our out over please really say says shall she should show
    so some something such tell than that the their them then there these they thing things this
    those to too up us use used using very want was we were what whats when where which while who
    whom whose why will with would you your yours know need needs instead okay hey jarvis
"""
STOP_WORDS = frozenset(_COMMON.split())

_ASPECTS = """
    treat treated treating treatment treatments therapy therapies manage managed management care
    dose doses dosage dosing symptom symptoms sign signs cause causes caused diagnose diagnosed
    diagnosis test tests testing prevent prevented prevention avoid risk outlook prognosis
    complication complications target maximum minimum first line patient patients adult adults
    people person safe start stop long soon best check change changes daily recommended handle
    problem problems before during between affected related research trials being done acute
    chronic severe mild
    contraindicated contraindications contraindication cutoff normal level levels use give
    disease diseases disorder disorders syndrome syndromes condition conditions injury injuries type
"""
_PLAIN = """
    able act acts actually again allowed already always amount another answer anybody anyone
    anything asks away back bad begin beginning begins better big bit call called calls came case
    cases checked checks come comes couple current cut day days different down early end ends
    enough even ever everyone fair far fast find finds fine finish finished found gentleman gets
    getting goes going good gotten guy happen happened happens hello help helps hi hold hour hours
    important info information keep keeps kept kilo kinds lady last late later leave leaves likely
    little looking lot made make makes maybe mean meaning means minute minutes month months move
    near new next nothing now number ok old once only per point possible previous probably put
    question quick quickly recent recently refuse refused refuses remember remind right said same
    see seen sees slow slowly somebody someone sometimes sort started starting stay stays
    still stopped stops supposed sure taken takes taking tells thanks think today tomorrow tonight
    took tries try turn turns twice types
    usually way ways week weeks within without wondering work working works worse worst wrong year
    years yesterday yet bloke blokes chap chaps fella folk grown um uh
"""
_SAID_BESIDE = """
    absolutely afternoon alright anyway apparently around asked asking bring bringing brings brought
    carried carries carry chance completely count counted counts desperate easily evening everything
    exactly family feel feeling feels friday gonna guess hope hoping husband idea
    managed managing matter matters meant mention mentioned monday morning night nurse nurses okay
    partner perfectly phoned place places pop popped popping properly putting rang reason reasons
    reckon ring ringing room rung saturday settle settled since somewhere sorry straight sunday
    suppose thinking thought through thursday till totally trick tricks trying tuesday under until
    wait waiting wanna wanted wanting wants wednesday whether while wife aren't can't couldn't
    didn't doesn't don't hadn't hasn't haven't he'd he'll i'd i'll i'm i've isn't it'll mustn't
    needn't she'd she'll shouldn't they'd they'll they're they've wasn't we'd we'll we're we've
    times percent weren't won't wouldn't you'd you'll you're you've
"""
_NUMBERS = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    thousand zero nought half quarter
"""
# words that say little on the topic: a document may do without them
ASPECTS = frozenset((_ASPECTS + _PLAIN + _SAID_BESIDE + _NUMBERS).split()) | UNITS

_SPELLINGS = (
    (r"(?<=[a-z])aemi", "emi"),
    (r"\bhaem", "hem"),
    (r"(?<=[a-z])haem", "hem"),
    (r"\banaem", "anem"),
    (r"paed", "ped"),
    (r"gynaec", "gynec"),
    (r"anaesth", "anesth"),
    (r"faec", "fec"),
    (r"\boedem", "edem"),
    (r"\boesoph", "esoph"),
    (r"\boestr", "estr"),
    (r"rrhoea", "rrhea"),
    (r"foet", "fet"),
    (r"\b(tum|col|behavi|lab|od|neighb)our", r"\1or"),
    (r"\bsulph", "sulf"),
)
_SPELLINGS_RE = tuple((re.compile(old, re.IGNORECASE), new) for old, new in _SPELLINGS)


def american(text: str) -> str:
    """British clinical spellings as American ones, so that either finds both."""
    for old, new in _SPELLINGS_RE:
        text = old.sub(new, text)
    return text


MEANINGS = SPOKEN | {
    "aaa": "abdominal aortic aneurysm",
    "abg": "arterial blood gas",
    "acs": "acute coronary syndrome",
    "adhd": "attention deficit hyperactivity disorder",
    "afib": "atrial fibrillation",
    "aids": "acquired immunodeficiency syndrome",
    "aki": "acute kidney injury",
    "als": "amyotrophic lateral sclerosis",
    "ards": "acute respiratory distress syndrome",
    "avm": "arteriovenous malformation",
    "bmi": "body mass index",
    "bp": "blood pressure",
    "bph": "benign prostatic hyperplasia",
    "bppv": "benign paroxysmal positional vertigo",
    "cabg": "coronary artery bypass grafting",
    "cad": "coronary artery disease",
    "cbc": "complete blood count",
    "chf": "congestive heart failure",
    "ckd": "chronic kidney disease",
    "cll": "chronic lymphocytic leukemia",
    "cml": "chronic myelogenous leukemia",
    "copd": "chronic obstructive pulmonary disease",
    "cpr": "cardiopulmonary resuscitation",
    "crp": "C-reactive protein",
    "csf": "cerebrospinal fluid",
    "cva": "stroke",
    "ddavp": "desmopressin",
    "dka": "diabetic ketoacidosis",
    "dvt": "deep vein thrombosis",
    "ecg": "electrocardiogram",
    "ekg": "electrocardiogram",
    "egfr": "estimated glomerular filtration rate",
    "esr": "erythrocyte sedimentation rate",
    "esrd": "end stage renal disease",
    "gca": "giant cell arteritis",
    "gerd": "gastroesophageal reflux disease",
    "gfr": "glomerular filtration rate",
    "ggt": "gamma glutamyl transferase",
    "gord": "gastroesophageal reflux disease",
    "gtn": "nitroglycerin",
    "hba1c": "hemoglobin A1c",
    "hbv": "hepatitis B",
    "hcv": "hepatitis C",
    "hf": "heart failure",
    "hfref": "heart failure with reduced ejection fraction",
    "hiv": "human immunodeficiency virus",
    "hpv": "human papillomavirus",
    "hrt": "hormone replacement therapy",
    "htn": "hypertension; high blood pressure",
    "hus": "hemolytic uremic syndrome",
    "ibd": "inflammatory bowel disease",
    "ibs": "irritable bowel syndrome",
    "icp": "intracranial pressure",
    "icu": "intensive care unit",
    "inr": "international normalized ratio",
    "itp": "immune thrombocytopenic purpura",
    "iud": "intrauterine device",
    "ivf": "in vitro fertilization",
    "ivig": "intravenous immunoglobulin",
    "lbp": "low back pain",
    "ldl": "low density lipoprotein",
    "lft": "liver function tests",
    "lfts": "liver function tests",
    "lmwh": "low molecular weight heparin",
    "mds": "myelodysplastic syndrome",
    "mri": "magnetic resonance imaging",
    "mrsa": "methicillin resistant Staphylococcus aureus",
    "nafld": "nonalcoholic fatty liver disease",
    "nash": "nonalcoholic steatohepatitis",
    "nsaid": "nonsteroidal anti-inflammatory drug",
    "nsaids": "nonsteroidal anti-inflammatory drugs",
    "nsclc": "non-small cell lung cancer",
    "nstemi": "non ST elevation myocardial infarction",
    "ocd": "obsessive compulsive disorder",
    "ocp": "oral contraceptive pill",
    "osa": "obstructive sleep apnea",
    "pad": "peripheral artery disease",
    "pcos": "polycystic ovary syndrome",
    "pcp": "pneumocystis pneumonia",
    "pid": "pelvic inflammatory disease",
    "pkd": "polycystic kidney disease",
    "pku": "phenylketonuria",
    "pmr": "polymyalgia rheumatica",
    "ppi": "proton pump inhibitor",
    "prbc": "packed red blood cells",
    "psa": "prostate specific antigen",
    "ptsd": "post-traumatic stress disorder",
    "pvd": "peripheral vascular disease",
    "rsv": "respiratory syncytial virus",
    "sah": "subarachnoid hemorrhage",
    "sbp": "spontaneous bacterial peritonitis",
    "sclc": "small cell lung cancer",
    "scd": "sickle cell disease",
    "sids": "sudden infant death syndrome",
    "sle": "systemic lupus erythematosus",
    "ssri": "selective serotonin reuptake inhibitor",
    "ssris": "selective serotonin reuptake inhibitors",
    "stemi": "ST elevation myocardial infarction",
    "std": "sexually transmitted disease",
    "sti": "sexually transmitted infection",
    "svt": "supraventricular tachycardia",
    "t1dm": "type 1 diabetes",
    "t2dm": "type 2 diabetes",
    "tavr": "transcatheter aortic valve replacement",
    "tb": "tuberculosis",
    "tbi": "traumatic brain injury",
    "tia": "transient ischemic attack",
    "tmj": "temporomandibular joint",
    "tpa": "alteplase; tissue plasminogen activator",
    "tpn": "total parenteral nutrition",
    "tsh": "thyroid stimulating hormone",
    "uri": "upper respiratory infection",
    "uti": "urinary tract infection",
    "utis": "urinary tract infections",
    "vte": "venous thromboembolism",
    "vzv": "varicella zoster virus",
    "wpw": "Wolff-Parkinson-White syndrome",
    "hyperkalemia": "high potassium",
    "hypokalemia": "low potassium",
    "hyponatremia": "low sodium",
    "hypoglycemia": "low blood sugar; low blood glucose",
    "hyperglycemia": "high blood sugar; high blood glucose",
    "hypertension": "high blood pressure",
    "high potassium": "hyperkalemia",
    "low potassium": "hypokalemia",
    "low sodium": "hyponatremia",
    "low blood sugar": "hypoglycemia",
    "high blood sugar": "hyperglycemia",
    "high blood pressure": "hypertension",
    "heart attack": "myocardial infarction",
    "whooping cough": "pertussis",
    "chickenpox": "varicella",
    "shingles": "herpes zoster",
    "acetaminophen": "paracetamol",
    "paracetamol": "acetaminophen",
    "adrenaline": "epinephrine",
    "epinephrine": "adrenaline",
    "salbutamol": "albuterol",
    "albuterol": "salbutamol",
    "creatinine clearance": "kidney function; renal function",
    "renal failure": "kidney failure",
    "renal": "kidney",
    "pediatric": "children; child",
    "otitis media": "ear infection",
    "ear infection": "otitis media",
    "baby": "infant",
    "lockjaw": "tetanus",
    "kidney stones": "nephrolithiasis",
    "pe": "pulmonary embolism",
    "mi": "myocardial infarction",
    "ear ache": "otitis media; earache",
    "blood thinner": "anticoagulant",
    "blood thinners": "anticoagulants",
    "painkiller": "analgesic; pain medicine",
    "painkillers": "analgesics; pain medicines",
}
