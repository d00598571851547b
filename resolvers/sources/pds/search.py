"""A demographic search as PDS allows it: checked before it is sent, since each match is audited at PDS.

PDS FHIR R4, "Search for a patient". Family name and date of birth at least; a postcode finds no restricted people;
more than 50 matches are an error that the caller mends by asking more exactly.
"""

from __future__ import annotations

import re

from resolvers.record.people import Gender
from resolvers.sources.demographics import Search
from resolvers.sources.fhir.dates import whole_day

MOST_MATCHES = 50
NAME = re.compile(r"[^\W\d_][\w '\-.]{0,34}\*?", re.UNICODE)
WILDCARD_LETTERS = 2  # PDS: at least two letters before a wildcard
POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}|[A-Za-z0-9]{2,4} ?[0-9]?[A-Za-z]?\*", re.ASCII)
GENDERS = frozenset(gender.value for gender in Gender)


def query_of(search: Search) -> tuple[tuple[str, str], ...]:
    """The query parameters. Raises ValueError, with a text that holds nothing of what was asked."""
    query = [("family", _name(search.family, "family name")), ("birthdate", f"eq{_day(search.birth_date)}")]
    if search.given is not None:
        query.append(("given", _name(search.given, "given name")))
    if search.gender is not None:
        if search.gender not in GENDERS:
            raise ValueError("The gender is one of male, female, other, unknown.")
        query.append(("gender", search.gender))
    if search.postcode is not None:
        query.append(("address-postalcode", _postcode(search.postcode)))
    query.append(("_max-results", str(MOST_MATCHES)))
    if search.exact:
        if any("*" in value for _, value in query):
            raise ValueError("An exact search takes no wildcard: leave out the '*'.")
        query.append(("_exact-match", "true"))
    return tuple(query)


def _name(text: str, what: str) -> str:
    name = text.strip()
    if not NAME.fullmatch(name):
        raise ValueError(f"The {what} is missing or not a name of at most 35 letters; '*' may only stand at its end.")
    if name.endswith("*") and len(name) <= WILDCARD_LETTERS:
        raise ValueError(f"The {what} needs at least two letters before '*'.")
    return name


def _day(text: str) -> str:
    if whole_day(text) != text:
        raise ValueError("The date of birth is a whole day, YYYY-MM-DD.")
    return text


def _postcode(text: str) -> str:
    postcode = " ".join(text.upper().split())
    if not POSTCODE.fullmatch(postcode):
        raise ValueError("The postcode is not a UK postcode; '*' may stand at its end after at least two characters.")
    return postcode
