from __future__ import annotations

import pytest

from policies.sensitivity.gate import SensitivityPolicy
from tests.policies.sensitivity.judging import is_withheld

HARMLESS = [
    "Cardiac arrest",
    "Deep transverse arrest with persistent occipitoposterior",
    "Arrested dental caries",
    "Retroverted incarcerated gravid uterus",
    "Incarcerated inguinal hernia",
    "Child custody discussed with mother",
    "Malignant tumour of spermatic cord",
    "Haemoglobinopathy antenatal screen: homozygote excluded",
    "Fibrovein 1% solution for injection 2ml ampoules (STD Pharmaceutical Products Ltd)",
    "Anti-GBM disease",
    "Infection caused by Chlamydia psittaci",
    "Pneumonia due to Chlamydophila pneumoniae",
    "Yaws",
    "Bejel",
    "Zeffix 100mg tablets (GlaxoSmithKline UK Ltd)",
    "Lamivudine 100mg tablets (Zeffix)",
    "Paxlovid 150mg/100mg tablets (nirmatrelvir with ritonavir)",
    "Tenofovir alafenamide 25mg tablets (Vemlidy)",
    "Threatened abortion",
    "Missed abortion",
    "Spontaneous abortion",
    "Wears hearing aids",
    "WEARS HEARING AIDS",
    "Mobility aids provided",
    "Aids to daily living",
    "DASH diet advised",
    "Gum disease",
    "GUM DISEASE",
    "Chewing gum, nicotine 2mg",
    "Organism resistant in vitro to erythromycin",
    "7d3b2f10-cd4a-4cd4-9cd4-cd4cd4cd4cd4",
    "Flat 2 Kings Court",
    "Lives near Earls Court",
    "DTaP/IPV/Hib vaccination",
    "IPV",
    "Letrozole 2.5mg tablets",
    "Progesterone 100mg capsules (Utrogestan)",
    "Hepatitis B viral load",
    "COVID-19 contact tracing",
    "Rabies pre-exposure prophylaxis",
    "Prep for colonoscopy",
    "Offending drug stopped",
    "Pacemaker on standby, std settings",
    "Transfer to ward; transient ischaemic attack; renal transplant",
    "Metabolic dysfunction-associated steatohepatitis (MASH)",
    "IRIS examination normal",
    "Probationary period at work",
    "Oilseed rape pollen allergy",
    "Procedure aborted, patient unable to tolerate",
    "Top of the foot",
    "Refugee health check",
    "Dr Clare Simpson",
    "Mr John Stalker",
    "Marac, Ana (Mrs)",
    "12 Pentonville Road, London",
    "Flat 3, Crown Court, N1",
    "The Haven Care Home",
    "AIDS & ADAPTATIONS",
    "EQUIPMENT/AIDS: perching stool",
    "Child in need of dental extraction",
    "Kaposi varicelliform eruption",
    "Bailey, Dr Priya",
]

TELLING = [
    "HIV",
    "hiv_referral_letter.pdf",
    "HIV%20clinic",
    "HIV1 RNA",
    "Human immunodeficiency virus",
    "AIDS",
    "anti-retroviral",
    "antiretrovirals started",
    "On PrEP",
    "Mortimer Market Centre",
    "CD4 count",
    "Zidovudine 250mg capsules",
    "Lamivudine 150mg tablets",
    "Tenofovir disoproxil 245mg tablets",
    "Truvada 200mg/245mg tablets",
    "GUM clinic",
    "Genito-urinary medicine",
    "Genitourinary medicine",
    "Sexual & reproductive health",
    "sexually transmitted infection",
    "Syphilis serology",
    "neurosyphilis",
    "Chlamydia trachomatis PCR",
    "IVF cycle 2",
    "in-vitro fertilisation",
    "Subfertility",
    "sub-fertility",
    "Clomifene 50mg tablets",
    "Letrozole 2.5mg, for ovulation induction",
    "Domestic abuse",
    "domestic\u00a0violence",
    "domestic\u2011violence",
    "Women\u2019s Aid",
    "MARAC",
    "Subject of a MARAC",
    "Kaposi's sarcoma",
    "Clare Simpson Clinic",
    "followed by a stalker",
    "Child in need plan",
    "HMP Pentonville",
    "in prison",
    "Convicted of theft",
    "On bail",
    "Forensic psychiatry",
    "Termination of pregnancy",
    "Mifepristone 200mg tablets",
    "Gender dysphoria",
    "Child protection plan",
    "S8000:G8000:R9515",
    "\uff28\uff29\uff36 test",
    "H\u00adIV test",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_words_are_shown(policy: SensitivityPolicy, text: str) -> None:
    assert not is_withheld(policy, {"code": {"text": text}})


@pytest.mark.parametrize("text", TELLING)
def test_telling_words_are_withheld(policy: SensitivityPolicy, text: str) -> None:
    assert is_withheld(policy, {"code": {"text": text}})


@pytest.mark.parametrize("text", HARMLESS)
def test_benign_words_hide_nothing_beside_them(policy: SensitivityPolicy, text: str) -> None:
    assert is_withheld(policy, {"code": {"text": f"{text}; HIV positive"}})
    assert is_withheld(policy, {"code": {"text": text}, "note": [{"text": "syphilis"}]})
