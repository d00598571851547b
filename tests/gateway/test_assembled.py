"""What the configuration says of limits reaches the running gateway: parts that are right alone may be left unconnected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.cli.token import demo_token
from gateway.settings import load
from tests.gateway.cli.conftest import TEXT
from tests.gateway.kit import client
from tests.gateway.test_connect import HOSPITAL, PDS
from tests.gateway.test_probes import ISSUER, started

NUMBERS = ("9990000018", "9990000026", "9990000034", "9990000042")
NOBODY_ANSWERS = (
    (PDS + HOSPITAL)
    .replace("https://pds.test", "http://127.0.0.1:9")
    .replace("https://hospital.test", "http://127.0.0.1:9")
)
QUERY = "query($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { finding } } }"


async def ask(folder: Path, more: str, *asked: tuple[str, dict[str, Any]], role: str = "gp") -> list[Any]:
    """The answers of one gateway with `more` in its configuration, to one caller."""
    async with started(folder, TEXT + ISSUER + NOBODY_ANSWERS + more) as app, client(app) as http:
        settings = load(folder / "joinup.toml")
        token = demo_token(settings, role, organisation="Y99001", subject="somebody", nhs_number=None)
        headers = {"authorization": f"Bearer {token}"}
        return [
            (await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)).json()
            for query, variables in asked
        ]


def codes(answer: Any) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", [])}


async def test_the_configured_number_of_different_patients_is_the_limit(tmp_path: Path) -> None:
    asked = [(QUERY, {"n": number}) for number in (*NUMBERS[:2], NUMBERS[2], NUMBERS[0])]
    answers = await ask(tmp_path, "[rate]\npatients = 2\n", *asked)
    assert ["RATE_LIMITED" in codes(answer) for answer in answers] == [False, False, True, False]
    assert answers[2]["data"] == {"patient": None}


async def test_aliases_count_as_patients(tmp_path: Path) -> None:
    fields = " ".join(f'p{n}: patient(nhsNumber: "{n}") {{ nhsNumber }}' for n in NUMBERS)
    (answer,) = await ask(tmp_path, "[rate]\npatients = 2\n", (f"{{ {fields} }}", {}))
    refused = [error for error in answer["errors"] if error["extensions"]["code"] == "RATE_LIMITED"]
    assert len(refused) == 2


async def test_the_configured_size_of_an_operation_is_the_limit(tmp_path: Path) -> None:
    deep = ("{ viewer { sections { section } } }", {})
    assert codes((await ask(tmp_path, "", deep))[0]) == set()
    assert codes((await ask(tmp_path, "[limits]\ndepth = 2\n", deep))[0]) == {"OPERATION_TOO_LARGE"}


async def test_each_role_explores_its_own_schema_or_none(tmp_path: Path) -> None:
    explore = ('{ __type(name: "Patient") { fields { name } } }', {})
    shown = {}
    for role in ("gp", "pharmacist"):
        (answer,) = await ask(tmp_path, "", explore, role=role)
        shown[role] = {field["name"] for field in answer["data"]["__type"]["fields"]}
    assert {"documents", "medications"} <= shown["gp"]
    assert "documents" not in shown["pharmacist"]
    assert "medications" in shown["pharmacist"]
    (answer,) = await ask(tmp_path, "", explore, role="receptionist")
    assert "data" not in answer
    assert codes(answer) == {"GRAPHQL_VALIDATION_FAILED"}
