"""Closed lists of our own that tell names and places from ordinary clinical English."""

from __future__ import annotations

from voiceassist.phi.wordlists import split_words

TITLES = frozenset(split_words(
        """
        mr mrs ms miss mister missus dr doctor prof professor nurse reverend rev pastor
        rabbi officer judge senator mayor governor sir madam dame sergeant captain
        lieutenant
        """
))  # fmt: skip
STRONG_TITLES = frozenset(["mr", "mrs", "mister", "missus"])
NOT_AFTER_TITLE = frozenset(
    split_words(
        """
        imaging angiography scan scans spectroscopy enterography elastography venography
        images image urography cholangiography neurography guided patients patient symptoms
        relapse lesions disease diagnosis treatment
        """
    )
)
IMAGING_ENDS = ("graphy", "gram", "grams", "scopy", "metry", "graphic", "images")
ORGANISATIONS = frozenset(
    split_words(
        """
        ada aha acc jnc uspstf cdc fda nice nih esc idsa asco nccn acog aap who gold gina
        kdigo easd aan aasld acg aga ats chest ash asa eular acr sccm rcog sign
        """
    )
)
DRUG_ENDS = (
    "mab", "nib", "pril", "sartan", "statin", "azole", "olol", "cillin", "mycin", "floxacin",
    "gliptin", "gliflozin", "glutide", "xaban", "gatran", "parin", "platin", "taxel", "rubicin",
    "tidine", "prazole", "setron", "triptan", "barbital", "zepam", "zolam", "pidem", "dipine",
    "afil", "osin", "oxetine", "ipramine", "triptyline", "azine", "apine", "idone", "caine",
    "curium", "onium", "vir", "vudine", "cycline", "oxacin", "sulfa", "thiazide", "semide",
    "lukast", "terol", "sone", "solone", "onide", "grel", "statins", "inhibitor", "inhibitors",
    "itis", "osis", "emia", "oma", "pathy", "ectomy", "plasty", "scopy", "graphy", "gram",
    "uria", "algia", "plegia", "trophy", "penia", "philia", "lysis", "genic", "gesic", "amine",
    "idine", "formin", "glitazone", "tropin", "relin", "ase", "ide", "ine", "ium", "ate", "ic",
    "al", "ous",
)  # fmt: skip
AMBIGUOUS_GIVEN = frozenset(
    split_words(
        """
        may will so an in see son art sun love joy hope faith grace dawn sage ivy rose daisy pat
        sue ray gene drew grant chase rich miles max earnest guy dean clay glen dale lane reed
        wade cliff rusty buddy sonny red ha su le mi ok star angel royal major sandy precious
        early pearl ruby olive iris hazel heather ginger cherry violet lily april june august
        summer autumn crystal amber jade melody harmony charity felicity mercy patience prudence
        frank jack bill bob rob skip chip chuck curt bud van les lance trace blaze cash bishop
        """
    )
)
NAME_CUES = frozenset(["named", "name", "surname", "called", "nicknamed"])
PEOPLE = frozenset(
    split_words(
        """
        patient patients pt female male man woman boy girl lady gentleman child baby infant
        veteran resident mother father mom dad sister brother son daughter wife husband aunt
        uncle cousin grandmother grandfather niece nephew friend neighbor boss employer
        coworker colleague partner roommate caregiver client person individual teenager
        adolescent newborn twin widow
        """
    )
)
STOPS = frozenset(
    split_words(
        """
        a an the of in on at to for from by with without and or but nor so yet as if than
        then that this these those is are was were be been being am do does did done has
        have had having i you he she it we they me him her us them my your his its our their
        mine who whom whose which what when where why how can could should would will shall
        may might must not no yes there here also just very too more most less least much
        many any some all each every both either neither one two three please about after
        before during since until while because due per via recently i'm i've i'll i'd it's
        he's she's that's what's min see so my an currently today tomorrow yesterday now
        again still already only ever never however last next past new old presenting
        diagnosed treated seen admitted evaluated visited whose taking started like similar
        patient's hasn't isn't wasn't don't doesn't didn't
        """
    )
)
HEADS = frozenset(
    split_words(
        """
        syndrome syndromes disease diseases disorder class palsy paralysis tumor tumour tumors
        sign signs reflex score scale index criteria criterion classification grade staging
        catheter tube test maneuver manoeuvre procedure operation repair technique method
        approach position law triad tetrad node nodes cell cells body bodies ring rings duct
        gland canal membrane fracture hernia cyst sarcoma lymphoma carcinoma anemia anaemia
        ataxia dystrophy dysplasia deficiency chorea thyroiditis esophagus oesophagus
        contracture purpura malformation anomaly nevus naevus dysostosis gangrene aphasia
        virus bacillus bacteria fever encephalitis encephalopathy neuropathy myopathy
        nephropathy retinopathy angle line lines point equation formula rule rules study
        trial protocol regimen diet exercise exercises stain culture agar solution lactate's
        phenomenon effect response type variant complex spots nodules ulcer pouch murmur
        respiration breathing breath hallux arthropathy joint foot toe disc nail nails
        lesion amaurosis atrophy hypoplasia neuralgia stroke reaction vaccine prosthesis
        valve shunt bandage stocking stockings splint collar brace frame forceps retractor
        clamp drain needle mask valve scoring risk questionnaire inventory assay blot
        chromosome gene mutation mutations antigen antibody protein factor inheritance ellis
        cerebri kyphosis psychosis dementia sequence association spectrum malformations vera
        nervosa gravis glomerulonephritis granulomatosis arteritis vasculitis esophagitis
        gastritis hepatitis lymphangiomatosis melanoma pneumonia nystagmus tremor
        leukoencephalopathy polyposis cardiomyopathy hamartoma anomalad craniosynostosis
        microdeletion oil salt salts water tea wort root seed extract juice berry
        """
    )
)
FREE_EPONYMS = frozenset(
    split_words(
        """
        parkinson's parkinsons alzheimer's alzheimers crohn's crohns hodgkin's hodgkins
        hodgkin huntington's huntingtons graves hashimoto's hashimotos addison's addisons
        cushing's cushings raynaud's raynauds sjogren's sjogrens sjogren tourette's
        tourettes tourette down's asperger's aspergers asperger wilson's meniere's menieres
        barrett's kaposi's wegener's kawasaki burkitt burkitt's ewing's wilms bell's lyme
        ebola zika norovirus coxsackie epstein barr foley gram doppler papanicolaou pap
        apgar braden glasgow framingham wells ranson child pugh karnofsky mallory weiss
        holter swan ganz heimlich kegel kegels epley lasix tylenol advil motrin aleve
        benadryl
        """
    )
)
FACILITY_HEADS = frozenset(
    split_words(
        """
        hospital hospitals clinic clinics infirmary hospice sanatorium pharmacy school
        university college church nursing rehabilitation institute foundation
        """
    )
)
FACILITY_PAIRS = frozenset(
    {
        ("medical", "center"), ("medical", "centre"), ("health", "center"), ("health", "system"),
        ("health", "clinic"), ("cancer", "center"), ("healthcare", "center"),
        ("care", "center"), ("surgery", "center"), ("nursing", "home"), ("medical", "group"),
        ("health", "hospital"), ("heart", "center"), ("trauma", "center"), ("family", "practice"),
        ("health", "services"), ("medical", "school"), ("rehab", "center"), ("community", "center"),
    }
)  # fmt: skip
KNOWN_FACILITIES = frozenset({
    "johns hopkins", "mayo", "mass general", "massachusetts general", "cedars sinai",
    "cedar sinai", "kaiser", "kaiser permanente", "mount sinai", "mt sinai", "md anderson",
    "sloan kettering", "cleveland clinic", "nyu langone", "ucla", "ucsf", "ucsd", "uwmc", "upmc",
    "nyu", "brigham and women's", "brigham", "beth israel", "duke health", "emory", "stanford",
    "vanderbilt", "presbyterian", "walter reed", "bellevue", "montefiore", "geisinger",
    "intermountain",
    "sutter", "scripps", "ochsner", "banner", "providence", "dignity", "ascension", "northwell",
    "northwestern", "rush", "st jude", "hopkins", "langone", "va", "mgh", "bwh", "chop", "chla",
})  # fmt: skip
GENERIC_PLACES = frozenset(
    split_words(
        """
        our the a an your this that my his her their local community outpatient inpatient
        pain memory sleep dental eye heart cancer wound private public teaching academic
        tertiary urban rural primary emergency surgical urgent acute day psychiatric mental
        veterans military another other any every each some nearby nearest specialist
        specialty speciality medical health care free mobile virtual fertility diabetes
        asthma anticoagulation warfarin skin dermatology cardiology oncology neurology
        pediatric paediatric women's womens walk in travel sexual foot hearing methadone va
        family practice general large small single same different busy home university
        district regional referral level one two same's field animal vet veterinary long
        term skilled hospital clinic intensive unit high low middle elementary nursing
        medicine of at for to and or by with after during when before on from as is are was
        were near good best new comprehensive city county state country australian british
        canadian american european japanese chinese african indian german french italian
        spanish korean multi center based
        """
    )
)
CARE_VERBS = frozenset(
    split_words(
        """
        seen treated admitted evaluated visited monitored diagnosed operated lives living
        live resides residing works working followed referred transferred checked underwent
        hospitalized hospitalised presented presenting reviewed examined care patient case
        moved located born appointment visit surgery scene scenes seeing dx'd tx'd dx tx
        discussed notes recs currently been going stay stayed discharged f u enrolled
        consulted assessed managed received receiving attends attending confirmed performed
        residence resident registered screened scheduled headed sent brought taken stationed
        employed employee teacher
        """
    )
)
UNITS_OF_CARE = frozenset(
    split_words(
        """
        icu nicu picu ccu er ed opd or ward bedside home hospital clinic office hospice
        recently outpatient inpatient department dept emergency floor unit pacu snf ltc ltac
        ob gyn obgyn remission
        """
    )
)
STREETS = (
    "street st avenue ave road rd drive dr lane ln boulevard blvd court ct place pl way circle cir "
    "terrace ter parkway pkwy highway hwy trail square sq plaza alley loop route pike "
    "turnpike crescent"
)
