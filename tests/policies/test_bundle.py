from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies.bundle import Policies
from policies.decision import Show
from policies.files import PACKAGED, PolicyFileError
from policies.sections import Section


def test_the_version_follows_every_file(tmp_path: Path, policies: Policies) -> None:
    assert Policies.load().version == policies.version
    shutil.copytree(PACKAGED, tmp_path / "same")
    assert Policies.load(tmp_path / "same").version == policies.version
    for path in sorted(PACKAGED.rglob("*")):
        name = path.relative_to(PACKAGED)
        if path.suffix in {".toml", ".csv"} and path.stem not in {"left_out", "roots", "refsets"}:
            own = tmp_path / path.stem / name
            own.parent.mkdir(parents=True)
            text = path.read_text()
            changed = f"{text}# changed\n" if path.suffix == ".toml" else f"{text}snomed,1,hiv,changed\n"
            own.write_text(changed)
            assert Policies.load(tmp_path / path.stem).version != policies.version, name


def test_a_deployment_replaces_one_file_and_keeps_the_others(tmp_path: Path, policies: Policies) -> None:
    text = (PACKAGED / "windows.toml").read_text().replace("years = 3", "years = 7")
    (tmp_path / "windows.toml").write_text(text)
    own = Policies.load(tmp_path)
    assert own.windows.by_section[Section.TEST_RESULTS].years == 7
    assert own.roles.roles == policies.roles.roles


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "roles.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyFileError, match=r"roles\.toml, file: cannot be read"):
        Policies.load(tmp_path)


def test_a_partners_fields_join_the_roles(policies: Policies) -> None:
    wider = policies.with_fields({("Patient", "falls"): "alerts"})
    assert isinstance(wider.roles.scope("nurse").decide("Patient", "falls"), Show)
    assert wider.sensitivity is policies.sensitivity
