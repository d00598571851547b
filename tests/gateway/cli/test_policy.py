"""`joinup policy`: what it says of the policy files, and the rows that it loads are what the gate then withholds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from policies.files import PACKAGED
from policies.sensitivity.gate import SensitivityOptions, SensitivityPolicy
from tests.gateway.cli.conftest import Joinup

REFSET = "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId"
RELATION = (
    "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId"
    "\tcharacteristicTypeId\tmodifierId"
)
HIV, STD = "86406008", "999004381000000103"
IN_REFSET, CHILD, GRANDCHILD = "900000111", "900000222", "900000333"


@pytest.fixture
def folder(config: Path) -> Path:
    """The deployment's policy folder, named in the configuration."""
    made = config.parent / "policy"
    made.mkdir()
    config.write_text('[policy]\ndirectory = "policy"\n', "utf-8")
    return made


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """An RF2 release in two modules, as the UK Edition is before it is made a monolith."""
    whole = tmp_path / "SnomedCT_UK_42"
    content = whole / "UK" / "Snapshot" / "Refset" / "Content"
    content.mkdir(parents=True)
    member = "\t".join(["x", "20260401", "1", "m", STD, IN_REFSET])
    (content / "der2_Refset_SimpleUKCLSnapshot_1000000_20260401.txt").write_text(f"{REFSET}\r\n{member}\r\n")
    (content / "der2_sRefset_SimpleMapUKCLSnapshot_1000000_20260401.txt").write_text("other columns\n")
    for module, child, parent in (("INT", CHILD, HIV), ("UK", GRANDCHILD, CHILD)):
        terminology = whole / module / "Snapshot" / "Terminology"
        terminology.mkdir(parents=True)
        row = "\t".join(["1", "20260401", "1", "m", child, parent, "0", "116680003", "c", "d"])
        (terminology / f"sct2_Relationship_Snapshot_{module}_20260401.txt").write_text(f"{RELATION}\r\n{row}\r\n")
    return whole


def withholds(folder: Path, code: str) -> bool:
    policy = SensitivityPolicy.load(SensitivityOptions(folder))
    value = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}
    return policy.judge(value).rule != SensitivityPolicy.load().judge({}).rule


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_the_packaged_policy_covers_the_record(joinup: Joinup, config: Path) -> None:
    output = joinup("policy", "check").output
    assert "every field of record is classified" in output
    assert "0 loaded code rows" in output


def test_a_field_that_nobody_classified_is_named(joinup: Joinup, folder: Path) -> None:
    text = (PACKAGED / "roles.toml").read_text("utf-8")
    shortened = text.replace(
        '"names", "birthDate", "gender", "address", "contacts"', '"names", "gender", "address", "contacts"'
    )
    assert shortened != text
    (folder / "roles.toml").write_text(shortened, "utf-8")
    result = joinup("policy", "check", expect=1)
    assert "Patient.birthDate: stands in no section of roles.toml" in result.stderr


def test_a_misspelt_policy_file_is_named_with_its_mend(joinup: Joinup, folder: Path) -> None:
    (folder / "windows.toml").write_text((PACKAGED / "windows.toml").read_text("utf-8") + "\n[holidays]\n", "utf-8")
    result = joinup("policy", "check", expect=2)
    assert "windows.toml" in result.stderr
    assert "holidays" in result.stderr


def test_a_release_is_loaded_on_top(joinup: Joinup, folder: Path, release: Path) -> None:
    assert not any(withholds(folder, code) for code in (IN_REFSET, CHILD, GRANDCHILD))
    output = joinup("policy", "load", "--refsets", str(release)).output
    assert "hiv" in output
    assert all(withholds(folder, code) for code in (IN_REFSET, CHILD, GRANDCHILD))
    assert withholds(folder, HIV)
    header, *loaded = rows(folder / "sensitivity" / "loaded.csv")
    assert header == ["system", "code", "category", "source"]
    assert ["snomed", IN_REFSET, "sexual-health", f"SnomedCT_UK_42 refset {STD}"] in loaded
    assert f"{len(loaded)} loaded code rows" in joinup("policy", "check").output


def test_a_folder_without_a_release_changes_nothing(joinup: Joinup, folder: Path, tmp_path: Path) -> None:
    result = joinup("policy", "load", "--refsets", str(tmp_path / "policy"), expect=2)
    assert "unpack the release" in result.stderr
    assert not (folder / "sensitivity").exists()


def test_a_damaged_release_leaves_the_earlier_rows(joinup: Joinup, folder: Path, release: Path) -> None:
    joinup("policy", "load", "--refsets", str(release))
    before = (folder / "sensitivity" / "loaded.csv").read_bytes()
    damaged = next(release.rglob("sct2_Relationship_*UK*"))
    damaged.write_text(damaged.read_text() + "1\t2\t3\n")
    assert "damaged" in joinup("policy", "load", "--refsets", str(release), expect=2).stderr
    assert (folder / "sensitivity" / "loaded.csv").read_bytes() == before


class Terminology(BaseHTTPRequestHandler):
    """Knows two codes below HIV, in pages of one, and nothing below anything else; and one refset does not exist."""

    asked: list[dict[str, list[str]]] = []  # noqa: RUF012 - the test reads it
    lacks = ""
    authorization = ""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        type(self).asked.append(query)
        type(self).authorization = self.headers.get("authorization", "")
        name = query["url"][0].rpartition("=")[2]
        codes = [CHILD, GRANDCHILD] if name == f"isa/{HIV}" else []
        offset = int(query["offset"][0])
        contains = [{"system": "http://snomed.info/sct", "code": code} for code in codes[offset : offset + 1]]
        body: dict[str, Any] = {
            "resourceType": "ValueSet",
            "expansion": {"total": len(codes), "offset": offset, "contains": contains},
        }
        data = json.dumps(body).encode()
        self.send_response(404 if name == self.lacks else 200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    Terminology.asked, Terminology.lacks = [], ""
    with ThreadingHTTPServer(("127.0.0.1", 0), Terminology) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/fhir"
        running.shutdown()
        thread.join()


def test_a_server_is_asked_to_the_last_page(
    joinup: Joinup, folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERMINOLOGY_TOKEN", "hidden-word")
    result = joinup("policy", "load", "--terminology-url", server, "--token", "env:TERMINOLOGY_TOKEN")
    assert Terminology.authorization == "Bearer hidden-word"
    assert "hidden-word" not in result.output
    assert [row[1] for row in rows(folder / "sensitivity" / "loaded.csv")[1:]] == [CHILD, GRANDCHILD]
    assert withholds(folder, GRANDCHILD)
    assert any(query["url"] == [f"http://snomed.info/sct?fhir_vs=refset/{STD}"] for query in Terminology.asked)


def test_what_the_server_lacks_is_never_passed_over(joinup: Joinup, folder: Path, server: str) -> None:
    Terminology.lacks = f"refset/{STD}"
    result = joinup("policy", "load", "--terminology-url", server, expect=2)
    assert f"refset/{STD}: the server answered 404" in result.stderr
    assert not (folder / "sensitivity").exists()
    result = joinup("policy", "load", "--terminology-url", server, "--allow-missing")
    assert f"note: refset/{STD}" in result.stderr


def test_a_server_off_the_machine_is_asked_by_https_only(joinup: Joinup, folder: Path) -> None:
    joinup("policy", "load", "--terminology-url", "http://terminology.example/fhir", expect=2)


def test_one_origin_of_rows_is_needed(joinup: Joinup, folder: Path, release: Path) -> None:
    joinup("policy", "load", expect=2)
    joinup("policy", "load", "--refsets", str(release), "--terminology-url", "https://x.example", expect=2)


def test_output_may_lie_anywhere(joinup: Joinup, release: Path, tmp_path: Path) -> None:
    joinup("policy", "load", "--refsets", str(release), expect=2)
    joinup("policy", "load", "--refsets", str(release), "--output", str(tmp_path / "rows.csv"))
    assert len(rows(tmp_path / "rows.csv")) > 3
