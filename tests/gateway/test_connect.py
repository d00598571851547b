"""A source's options reach its adapter; what is not given has the adapter's own default."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.connect import Connections, directory
from gateway.reach import Reach
from gateway.settings import parse
from gateway.source_options import OPTIONS, ORGANISATION_KINDS
from policies.sections import Section
from resolvers.directory import Directory
from resolvers.record.values import OrganisationKind
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.gp_connect.adapter import GPConnect
from resolvers.sources.gp_connect.settings import Device, GPConnectSettings
from resolvers.sources.source import Coverage

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


PRACTICE = """
[[sources]]
id = "elm"
ods = "Y99001"
name = "Elm Lane Surgery"
kind = "gp-connect"
base_url = "https://proxy.test/https://practice.test/STU3/1"
covers = { practices = ["Y99001"] }
[sources.options]
asid = "200000000115"
to_asid = "200000000116"
issuer = "https://gateway.test"
device = "joinup-1"
audience = "https://practice.test/STU3/1"
past_appointment_days = "30"
citizens = "true"
"""
COUNCIL = """
[[sources]]
id = "council"
ods = "E09000007"
name = "Council"
kind = "social-care"
base_url = "https://council.test/v1"
covers = { boroughs = ["E09000007"] }
gives = ["social_care"]
"""


async def connected(text: str) -> Directory:
    connections = Connections(parse(text), Reach(CollectorRegistry()))
    try:
        return directory(connections)
    finally:
        await connections.resources.aclose()


async def test_a_practices_options_reach_the_adapter() -> None:
    (elm, _) = (await connected(PDS + PRACTICE + HOSPITAL)).sources
    assert isinstance(elm.adapter, GPConnect)
    assert elm.adapter.settings == GPConnectSettings(
        own_asid="200000000115",
        practice_asid="200000000116",
        issuer="https://gateway.test",
        device=Device("https://gateway.test/devices", "joinup-1"),
        user_system="https://gateway.test/users",
        audience="https://practice.test/STU3/1",
        organisation_names={"X26": "PDS", "Y99001": "Elm Lane Surgery", "RAL": "Hospital"},
        past_appointment_days=30,
        citizens=True,
    )
    assert elm.adapter.structured is not None
    assert elm.adapter.structured.base_url == "https://proxy.test/https://practice.test/STU3/1"


async def test_each_source_covers_whom_its_table_says() -> None:
    elm, hospital, council = (await connected(PDS + PRACTICE + HOSPITAL + COUNCIL)).sources
    assert elm.coverage == Coverage(practices=frozenset({"Y99001"}))
    assert hospital.coverage == Coverage(everybody=True)
    assert council.coverage == Coverage(local_authorities=frozenset({"E09000007"}))
    assert council.adapter.gives == {Section.SOCIAL_CARE}


@pytest.mark.parametrize(
    ("workers", "given", "each"), [(1, "", 5.0), (2, "", 2.5), (4, "", 1.25), (2, 'requests_per_second = "3"', 1.5)]
)
async def test_the_workers_share_the_demographics_services_limit(workers: int, given: str, each: float) -> None:
    options = f"[sources.options]\n{given}\n" if given else ""
    pds: Any = (await connected(f"[server]\nworkers = {workers}\n" + PDS + options)).demographics
    assert pds._pace._most / pds._pace._window == each
