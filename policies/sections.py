"""The sections of a record: the unit in which roles, windows and completeness are stated."""

from __future__ import annotations

from enum import Enum


class Section(Enum):
    """One heading of the record. The value is its name in policy files and in the audit."""

    DEMOGRAPHICS = "demographics"
    ALLERGIES = "allergies"
    MEDICATIONS = "medications"
    CONDITIONS = "conditions"
    HOSPITAL_STAYS = "hospital_stays"
    APPOINTMENTS = "appointments"
    TEST_RESULTS = "test_results"
    IMMUNISATIONS = "immunisations"
    PROCEDURES = "procedures"
    DOCUMENTS = "documents"
    ALERTS = "alerts"
    CARE_PLANS = "care_plans"
    CARE_TEAM = "care_team"
    SOCIAL_CARE = "social_care"
    CONSULTATIONS = "consultations"

    __hash__ = object.__hash__  # members are single objects; Enum's own hashes their names, in Python, each time
