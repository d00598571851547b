from __future__ import annotations

from pathlib import Path

import pytest

from policies.decision import Show, Withhold
from policies.files import PACKAGED, PolicyFileError
from policies.sensitivity.gate import SensitivityOptions, SensitivityPolicy
from policies.sensitivity.phrases import PhraseError, words
from policies.sensitivity.tables import CodeRow
from tests.policies.sensitivity.judging import concept, is_withheld

FOLDER = "sensitivity"


def own(tmp_path: Path, name: str, text: str) -> SensitivityOptions:
    (tmp_path / FOLDER).mkdir(exist_ok=True)
    (tmp_path / FOLDER / name).write_text(text)
    return SensitivityOptions(directory=tmp_path)


def packaged(name: str) -> str:
    return (PACKAGED / FOLDER / name).read_text()


BROKEN = {
    "unknown category": ("codes.csv", "system,code,category,source\nsnomed,1,hvi,x\n", "line 2", "categories.toml"),
    "unknown system": ("codes.csv", "system,code,category,source\nsonmed,1,hiv,x\n", "line 2", "systems.toml"),
    "missing column": ("codes.csv", "system,code,category,source\nsnomed,1,hiv\n", "line 2", "one value per column"),
    "wrong header": ("codes.csv", "code,category\n", "line 1", "Begin with system,code,category,source"),
    "bad TOML": ("terms.toml", "[hiv]\nwords = [\n", "TOML", "Correct the syntax"),
    "unknown term list": ("terms.toml", '[hiv]\nwrods = ["HIV"]\n', "line 2 (hiv.wrods)", "Use one of"),
    "term for nothing": ("terms.toml", '[hvi]\nwords = ["HIV"]\n', "line 1 (hvi)", "categories.toml"),
    "no phrase": ("terms.toml", '[hiv]\nwords = ["(?i)x"]\n', "line 2", "notation"),
    "not a list": ("medicines.toml", '[hiv]\ncertain = "x"\n', "line 2 (hiv.certain)", "Write a list"),
    "promise broken": ("categories.toml", '[hiv]\nsays = "x"\nwithheld = false\n', "line 3", "promised"),
    "unknown effect": (
        "links.toml",
        '[[link]]\nfrom = "List"\nfield = "entry.item"\neffect = "ignore"\nreason = "x"\n',
        "line 3",
        "none, member or follow",
    ),
    "no reason": ("links.toml", '[[link]]\nfrom = "List"\nfield = "a.b"\neffect = "none"\n', "line 3", "why"),
    "unknown form": (
        "systems.toml",
        '[[system]]\nname = "snomed"\nform = "x"\nnames = ["s"]\n',
        "line 3",
        "Use one of",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_table_names_file_place_and_mend(tmp_path: Path, fault: str) -> None:
    name, text, place, mend = BROKEN[fault]
    with pytest.raises(PolicyFileError) as caught:
        SensitivityPolicy.load(own(tmp_path, name, text))
    assert caught.value.file == f"{FOLDER}/{name}"
    assert place in str(caught.value)
    assert mend in str(caught.value)


def test_the_promised_categories_cannot_be_switched_off() -> None:
    for name in ("hiv", "sexual-health", "fertility", "domestic-violence", "criminal", "child-social-care", "labelled"):
        with pytest.raises(PolicyFileError, match="cannot be switched"):
            SensitivityPolicy.load(SensitivityOptions(let_through=frozenset({name})))


@pytest.mark.parametrize(
    ("category", "told"),
    [("termination", ["714812005", "Mifepristone 200mg"]), ("gender", ["93461009", "Gender dysphoria clinic"])],
)
def test_a_decision_of_the_deployment_can_be_switched(
    policy: SensitivityPolicy, category: str, told: list[str]
) -> None:
    switched = SensitivityPolicy.load(SensitivityOptions(let_through=frozenset({category})))
    for one in told:
        value = concept(one) if one.isdigit() else concept(text=one)
        assert is_withheld(policy, value)
        assert not is_withheld(switched, value)
    assert is_withheld(switched, concept(text="HIV"))
    assert switched.version != policy.version


def test_rows_of_a_release_come_on_top(policy: SensitivityPolicy) -> None:
    row = CodeRow("snomed", "999999999999103", "hiv", "release")
    fuller = SensitivityPolicy.load(SensitivityOptions(more=[row]))
    assert isinstance(policy.judge(concept("999999999999103")), Show)
    assert isinstance(fuller.judge(concept("999999999999103")), Withhold)
    assert is_withheld(fuller, concept("86406008"))
    assert fuller.version != policy.version


@pytest.mark.parametrize("row", [CodeRow("snomde", "1", "hiv", "x"), CodeRow("snomed", "1", "hvi", "x")])
def test_a_row_that_policy_does_not_know_is_refused(row: CodeRow) -> None:
    with pytest.raises(ValueError, match="unknown system or category"):
        SensitivityPolicy.load(SensitivityOptions(more=[row]))


def test_the_version_follows_the_tables(tmp_path: Path, policy: SensitivityPolicy) -> None:
    assert SensitivityPolicy.load().version == policy.version
    changed = own(tmp_path, "terms.toml", packaged("terms.toml") + "\n# a comment\n")
    assert SensitivityPolicy.load(changed).version != policy.version


@pytest.mark.parametrize("phrase", ["", " ", "(?i)x", "a(b", "é"])
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(PhraseError):
        words(phrase)


def test_every_benign_word_is_needed_by_no_category_alone(policy: SensitivityPolicy) -> None:
    """Benign text is taken out, never taken as a proof: beside it everything is still found."""
    assert is_withheld(policy, {"note": "hearing aids; HIV"})
    assert is_withheld(policy, {"note": "cardiac arrest in prison"})
