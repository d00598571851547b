"""A source's options reach its adapter; what is not given has the adapter's own default."""

from __future__ import annotations

from dataclasses import fields

from prometheus_client import CollectorRegistry

from gateway.connect import Connections, directory
from gateway.reach import Reach
from gateway.settings import parse
from gateway.source_options import OPTIONS, ORGANISATION_KINDS
from resolvers.record.values import OrganisationKind
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy

PDS = """
[[sources]]
id = "pds"
ods = "X26"
name = "PDS"
kind = "pds"
base_url = "https://pds.test/"
"""
HOSPITAL = """
[[sources]]
id = "hospital"
ods = "RAL"
name = "Hospital"
kind = "fhir-r4"
base_url = "https://hospital.test/r4"
covers = { everyone = true }
"""


async def options_of(more: str) -> FhirR4Options:
    connections = Connections(parse(PDS + HOSPITAL + more), Reach(CollectorRegistry()))
    try:
        (source,) = directory(connections).sources
    finally:
        await connections.resources.aclose()
    found = source.adapter._options  # type: ignore[attr-defined]
    assert isinstance(found, FhirR4Options)
    return found


async def test_options_left_out_are_the_adapters_defaults() -> None:
    assert await options_of("") == FhirR4Options()


async def test_options_given_reach_the_adapter() -> None:
    given = await options_of("""
[sources.options]
patient_by = "identifier"
page_size = "50"
max_pages = "3"
capabilities = "false"
batch = "true"
everything = "true"
post = "true"
own_urls = "https://old.test/r4 http://inside.test/fhir"
""")
    assert given == FhirR4Options(
        patient_by=PatientBy.IDENTIFIER,
        page_size=50,
        max_pages=3,
        capabilities=False,
        batch=True,
        everything=True,
        post=True,
        own_urls=("https://old.test/r4", "http://inside.test/fhir"),
    )


def test_every_option_of_the_adapter_can_be_configured() -> None:
    assert {field.name for field in fields(FhirR4Options)} - {"sections"} <= OPTIONS["fhir-r4"].keys()


def test_kinds_of_organisations_are_the_records() -> None:
    assert set(ORGANISATION_KINDS) == {kind.value for kind in OrganisationKind}
    assert set(OPTIONS["fhir-r4"]["patient_by"].choices) == {kind.value for kind in PatientBy}
