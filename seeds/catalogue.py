"""What made-up people have: clinical concepts with UK codes, harmless and sensitive.

Codes are facts from SNOMED CT UK Edition, dm+d and ICD-10 as UK Core and GP Connect examples use them.
"""

from __future__ import annotations

from dataclasses import dataclass

SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
OPCS4 = "https://fhir.hl7.org.uk/CodeSystem/OPCS-4"


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its words."""

    code: str
    display: str
    system: str = SNOMED


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine with the directions it is usually given with."""

    concept: Concept
    dosage: str
    repeat: bool = True


@dataclass(frozen=True, slots=True)
class Test:
    """A measurement with its usual range and unit."""

    concept: Concept
    low: float
    high: float
    unit: str
    category: str = "laboratory"


CONDITIONS = (
    Concept("195967001", "Asthma"),
    Concept("44054006", "Type 2 diabetes mellitus"),
    Concept("38341003", "Hypertensive disorder"),
    Concept("13645005", "Chronic obstructive lung disease"),
    Concept("49436004", "Atrial fibrillation"),
    Concept("231504006", "Mixed anxiety and depressive disorder"),
    Concept("396275006", "Osteoarthritis"),
    Concept("40930008", "Hypothyroidism"),
    Concept("43116000", "Eczema"),
    Concept("84114007", "Heart failure"),
    Concept("84757009", "Epilepsy"),
    Concept("37796009", "Migraine"),
    Concept("90560007", "Gout"),
    Concept("9014002", "Psoriasis"),
    Concept("22298006", "Myocardial infarction"),
    Concept("69896004", "Rheumatoid arthritis"),
    Concept("73430006", "Sleep apnoea"),
    Concept("87522002", "Iron deficiency anaemia"),
)

CHILD_CONDITIONS = (
    Concept("195967001", "Asthma"),
    Concept("43116000", "Eczema"),
    Concept("65363002", "Otitis media"),
    Concept("90176007", "Tonsillitis"),
    Concept("21719001", "Allergic rhinitis due to pollen"),
)

MEDICINES = (
    Medicine(
        Concept("39113611000001102", "Salbutamol 100micrograms/dose inhaler CFC free"), "Inhale 2 puffs when needed"
    ),
    Medicine(Concept("321987003", "Citalopram 20mg tablets"), "Take one daily"),
    Medicine(Concept("319773006", "Aspirin 75mg dispersible tablets"), "Take one daily"),
    Medicine(Concept("317291008", "Omeprazole 20mg gastro-resistant capsules"), "Take one each morning"),
    Medicine(Concept("330062008", "Allopurinol 300mg tablets"), "Take one daily after food"),
    Medicine(Concept("319284000", "Amlodipine 10mg tablets"), "Take one daily"),
    Medicine(Concept("320030001", "Atorvastatin 20mg tablets"), "Take one at night"),
    Medicine(Concept("325242002", "Gliclazide 80mg tablets"), "Take one twice a day"),
    Medicine(
        Concept("322236009", "Paracetamol 500mg tablets"), "Take one or two every 4 to 6 hours when needed", False
    ),
    Medicine(Concept("323509004", "Amoxicillin 250mg capsules"), "Take one three times a day for 7 days", False),
    Medicine(Concept("329653008", "Ibuprofen 400mg tablets"), "Take one three times a day with food", False),
)

ALLERGIES = (
    Concept("91936005", "Allergy to penicillin"),
    Concept("91935009", "Allergy to peanut"),
    Concept("293586001", "Allergy to aspirin"),
    Concept("293584003", "Allergy to paracetamol"),
    Concept("294881007", "Allergy to warfarin"),
    Concept("300916003", "Allergy to latex"),
)
NO_KNOWN_ALLERGY = Concept("716186003", "No known allergy")

REACTIONS = (
    Concept("271807003", "Eruption of skin"),
    Concept("39579001", "Anaphylaxis"),
    Concept("126485001", "Urticaria"),
    Concept("422587007", "Nausea"),
)

TESTS = (
    Test(Concept("1000731000000107", "Serum creatinine level"), 50, 120, "umol/L"),
    Test(Concept("1000661000000107", "Serum sodium level"), 133, 146, "mmol/L"),
    Test(Concept("1000651000000109", "Serum potassium level"), 3.5, 5.3, "mmol/L"),
    Test(Concept("1022431000000105", "Haemoglobin estimation"), 115, 165, "g/L"),
    Test(Concept("1022541000000102", "Total white cell count"), 4, 11, "10*9/L"),
    Test(Concept("1005671000000105", "Serum cholesterol level"), 3, 7, "mmol/L"),
    Test(Concept("86290005", "Respiratory rate"), 12, 20, "/min", "vital-signs"),
)

VACCINES = (
    Concept("39473011000001103", "COVID-19 Vaccine Nuvaxovid"),
    Concept("822851000000102", "Seasonal influenza vaccination"),
    Concept("170433008", "Second diphtheria, tetanus and acellular pertussis vaccination"),
)

PROCEDURES = (
    Concept("80146002", "Appendicectomy"),
    Concept("52734007", "Total replacement of hip"),
    Concept("73761001", "Colonoscopy"),
    Concept("415070008", "Percutaneous coronary intervention"),
    Concept("110473004", "Cataract surgery"),
)

STAYS = (
    (
        Concept("233604007", "Pneumonia"),
        Concept("300", "General Internal Medicine", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
    (
        Concept("74400008", "Appendicitis"),
        Concept("100", "General Surgery", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
    (
        Concept("5913000", "Fracture of neck of femur"),
        Concept("110", "Trauma and Orthopaedics", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
    (
        Concept("22298006", "Myocardial infarction"),
        Concept("320", "Cardiology", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
    (
        Concept("195967001", "Asthma"),
        Concept("340", "Respiratory Medicine", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
)

CLINICS = (
    Concept("320", "Cardiology", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    Concept("340", "Respiratory Medicine", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    Concept("110", "Trauma and Orthopaedics", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    Concept("130", "Ophthalmology", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    Concept("330", "Dermatology", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
)

ALERTS = (
    Concept("226201008", "Peanut-free diet"),
    Concept("15188001", "Hearing loss"),
    Concept("129839007", "At risk of falls"),
)


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of a consultation: its title, and (heading, words) as the practice notes them."""

    title: str
    notes: tuple[tuple[str, str], ...]


CONTACTS = (
    Concept("24671000000101", "Face to face consultation in surgery"),
    Concept("185317003", "Telephone encounter"),
    Concept("439708006", "Home visit"),
)

MATTERS = (
    Matter(
        "Sore throat",
        (
            ("History", "Three days of sore throat, no fever, drinks well."),
            ("Examination", "Throat red, no exudate, no swollen glands."),
            ("Plan", "Fluids and paracetamol. Back if no better in a week."),
        ),
    ),
    Matter(
        "Low back pain",
        (
            ("History", "Back pain after lifting a box, no numbness, passes water normally."),
            ("Examination", "Straight leg raise normal on both sides."),
            ("Plan", "Stay active, ibuprofen with food, physiotherapy if it lasts."),
        ),
    ),
    Matter(
        "Blood pressure review",
        (
            ("History", "Takes tablets daily, no dizziness."),
            ("Plan", "Same treatment, blood test in six months."),
        ),
    ),
    Matter(
        "Ear wax",
        (("Examination", "Wax in the right ear, drum not seen."), ("Plan", "Olive oil drops for two weeks.")),
    ),
    Matter(
        "Annual review",
        (("History", "Sleeps well, walks every day."), ("Plan", "Flu vaccination in the autumn.")),
    ),
)

SENSITIVE_MATTERS = (
    Matter(
        "Results",
        (
            ("History", "Came for the result of the HIV test, worried."),
            ("Plan", "Asked to return on Thursday for more bloods."),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Something that must never be shown, and the channel through which it would be told.

    `channel` is a kind of resource, or a way of hiding in one: condition, medication, observation, appointment,
    comment (words only), reason (another entry's reason), document, label, allergy, procedure, social-flag.
    """

    category: str
    channel: str
    concept: Concept
    words: str = ""


SENSITIVE = (
    Sensitive("hiv", "condition", Concept("86406008", "Human immunodeficiency virus infection")),
    Sensitive("hiv", "medication", Concept("", "Biktarvy 50mg/200mg/25mg tablets", "")),
    Sensitive("hiv", "observation", Concept("165815009", "HIV negative")),
    Sensitive("hiv", "comment", Concept("37331000000100", "Comment note"), "(Test request : HIV Investigation)"),
    Sensitive("hiv", "allergy", Concept("", "Allergy to abacavir", "")),
    Sensitive("sexual-health", "condition", Concept("76272004", "Syphilis")),
    Sensitive(
        "sexual-health",
        "appointment",
        Concept("360", "Genitourinary Medicine", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
    Sensitive(
        "sexual-health", "document", Concept("823691000000103", "Clinical letter"), "Letter from sexual health clinic"
    ),
    Sensitive("fertility", "procedure", Concept("63487001", "Assisted fertilization")),
    Sensitive("fertility", "medication", Concept("", "Gonal-f 300units/0.5ml solution for injection", "")),
    Sensitive("fertility", "appointment", Concept("", "Assisted Conception Unit follow up", "")),
    Sensitive("domestic-violence", "condition", Concept("371772001", "Domestic abuse")),
    Sensitive(
        "domestic-violence", "alert", Concept("758941000000108", "Subject of multi-agency risk assessment conference")
    ),
    Sensitive("domestic-violence", "social-flag", Concept("MARAC", "MARAC", "urn:joinup:social-care:flag")),
    Sensitive("criminal", "condition", Concept("105568001", "In prison")),
    Sensitive(
        "criminal",
        "stay",
        Concept("712", "Forensic Psychiatry", "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"),
    ),
    Sensitive("criminal", "comment", Concept("37331000000100", "Comment note"), "Seen by prison in-reach team at HMP"),
    Sensitive("label", "label", Concept("162864005", "Body mass index 30+ - obesity")),
    Sensitive("hiv", "reason", Concept("86406008", "Human immunodeficiency virus infection")),
)
