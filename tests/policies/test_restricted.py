from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from msgspec.structs import fields

from policies.bundle import Policies
from policies.files import PolicyFileError, PolicyFiles
from policies.restricted import is_restricted, read_restricted, withheld_fields

TABLE = read_restricted(PolicyFiles())


def test_places_and_contacts_are_withheld() -> None:
    assert {"location", "with_roles", "recorded_by"} <= withheld_fields(TABLE, "Appointment")
    assert "telephone" in withheld_fields(TABLE, "CareTeamMember")
    assert "ward" in withheld_fields(TABLE, "HospitalStay")
    assert withheld_fields(TABLE, "Allergy") == {"recorded_by"}


@pytest.mark.parametrize("labels", [["R"], ["V"], [], [None], [""], ["u"], ["X"], ["U", "R"], ["U", None]])
def test_anything_but_the_one_label_u_is_restricted(labels: list[str | None]) -> None:
    assert is_restricted(labels)
    assert not is_restricted(["U"])


def test_every_withheld_field_exists(policies: Policies) -> None:
    package = import_module("resolvers.record")
    modules = [import_module(f"resolvers.record.{one.name}") for one in iter_modules(package.__path__)]
    for kind, withheld in policies.restricted.items():
        types = [getattr(module, kind) for module in modules if hasattr(module, kind)]
        assert types, kind
        assert withheld <= {field.name for field in fields(types[0])}, kind


def test_a_broken_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "restricted.toml").write_text('[Appointment]\nwithhold = ["location"]\n')
    with pytest.raises(PolicyFileError, match=r"line 1 \(Appointment\)"):
        read_restricted(PolicyFiles(tmp_path))
