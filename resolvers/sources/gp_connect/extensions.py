"""FHIR extensions as GP Connect uses them, found by name rather than by URL.

The same extension comes under fhir.nhs.uk and fhir.hl7.org.uk, with and without 'GPC', in one and the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import FhirReference

NAME = re.compile(r"(?:^|/)(?:Extension-)?(?:CareConnect-)?(?:GPConnect-)?(?:GPC-)?([A-Za-z]+)(?:-\d+)?$", re.ASCII)


class FhirExtension(msgspec.Struct):
    url: str = ""
    valueCode: str | None = None  # noqa: N815
    valueString: str | None = None  # noqa: N815
    valueDateTime: str | None = None  # noqa: N815
    valueCodeableConcept: CodeableConcept | None = None  # noqa: N815
    valueReference: FhirReference | None = None  # noqa: N815
    extension: list[FhirExtension] = []

    @property
    def name(self) -> str:
        return _name(self.url)


@lru_cache(maxsize=1024)
def _name(url: str) -> str:
    match = NAME.search(url)
    return match[1] if match is not None else ""


def find(extensions: Iterable[FhirExtension], name: str) -> Iterator[FhirExtension]:
    """The extensions with this short name, for example 'PrescriptionType'."""
    return (extension for extension in extensions if extension.name == name)


def first(extensions: Iterable[FhirExtension], *names: str) -> FhirExtension | None:
    """Follow a path of short names into nested extensions; None where it breaks off."""
    found: FhirExtension | None = None
    for name in names:
        found = next(find(extensions, name), None)
        if found is None:
            return None
        extensions = found.extension
    return found
