"""The tables of the sensitivity gate as they stand in the policy files, checked and named.

Rows of a release or of a terminology server (see `trud` and `valueset`) have the same shape as codes.csv.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from policies.files import PolicyFile, PolicyFiles
from policies.sensitivity import phrases

ANY_CODE: Final = "*"
FOLDER: Final = "sensitivity"
COLUMNS: Final = ("system", "code", "category", "source")
LOADED: Final = "loaded.csv"


class Form(Enum):
    """How the codes of a system are written."""

    SNOMED = "snomed"
    READ = "read"
    STEM = "stem"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code that reveals a category. `system` is a name of systems.toml, `source` says who lists it."""

    system: str
    code: str
    category: str
    source: str


@dataclass(frozen=True, slots=True)
class System:
    """A code system: how its codes are written, and the patterns by which it is recognised."""

    name: str
    form: Form
    pattern: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A medicine of two uses: it counts unless the same item names a product of the other use."""

    category: str
    pattern: str
    unless: str


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for in text: a pattern per category, medicines of two uses, and what is taken out before."""

    patterns: dict[str, str]
    ambiguous: tuple[Ambiguous, ...]
    benign: str


@dataclass(frozen=True, slots=True)
class Category:
    """An excluded category; one that may be switched off is a policy decision, not part of the public promise."""

    name: str
    switchable: bool
    on: bool


def categories(
    files: PolicyFiles, withhold: Set[str] = frozenset(), let_through: Set[str] = frozenset()
) -> dict[str, Category]:
    """The categories of categories.toml, by name; `withhold` and `let_through` switch the switchable ones."""
    file = files.get(f"{FOLDER}/categories.toml")
    found: dict[str, Category] = {}
    for name, entry in file.toml().items():
        if not isinstance(entry, dict):
            raise file.error(file.at(name), "a category is a table", f"Write [{name}] and its keys below it.")
        file.only(entry, ("says", "switchable", "withheld"), name)
        switchable, on = entry.get("switchable", False), entry.get("withheld", True)
        if not isinstance(switchable, bool) or not isinstance(on, bool):
            raise file.error(file.at(name), "switchable and withheld are true or false", "Write one of these.")
        if not on and not switchable:
            mend = "Set withheld = true: residents were promised that it is left out."
            raise file.error(file.at(f"[{name}]", "withheld"), f"'{name}' cannot be switched off", mend)
        found[name] = Category(name, switchable, on)
    for name in sorted(withhold | let_through):
        if name not in found or (name in let_through and not found[name].switchable):
            mend = f"Switch only {', '.join(one.name for one in found.values() if one.switchable)}."
            raise file.error(f"setting {name}", f"'{name}' cannot be switched", mend)
        found[name] = Category(name, found[name].switchable, name in withhold)
    return found


def systems(files: PolicyFiles) -> tuple[System, ...]:
    """The code systems of systems.toml, in order of precedence."""
    file = files.get(f"{FOLDER}/systems.toml")
    data = file.toml()
    file.only(data, ("system",))
    return tuple(_system(file, entry) for entry in data.get("system", []))


def _system(file: PolicyFile, entry: dict[str, Any]) -> System:
    file.only(entry, ("name", "form", "names"), "system")
    name = str(entry.get("name", ""))
    try:
        form = Form(entry.get("form"))
    except ValueError:
        mend = f"Use one of {', '.join(one.value for one in Form)}."
        raise file.error(file.at(f'"{name}"', "form"), "unknown form", mend) from None
    names = _phrases(file, entry.get("names", []), f'"{name}"', "names")
    return System(name, form, phrases.union(_name(one) for one in names))


def _name(phrase: str) -> str:
    digit_ends = "(?:[^0-9]|$)" if phrase[-1].isdigit() else ""
    return phrases.translate(phrase) + digit_ends


def codes(files: PolicyFiles, known: Sequence[System], allowed: dict[str, Category]) -> tuple[CodeRow, ...]:
    """The rows of codes.csv, and beside them those of loaded.csv, which a deployment loads from a release."""
    own, loaded = (files.get(f"{FOLDER}/{name}") for name in ("codes.csv", LOADED))
    return (*_rows(own, known, allowed), *_rows(loaded, known, allowed))


def _rows(file: PolicyFile, known: Sequence[System], allowed: dict[str, Category]) -> list[CodeRow]:
    names = {system.name for system in known}
    rows = []
    for line, values in file.table(COLUMNS):
        row = CodeRow(*values)
        if row.system not in names:
            mend = "Use a name of systems.toml, or add the system there."
            raise file.error(f"line {line}", f"unknown code system '{row.system}'", mend)
        if row.category not in allowed:
            raise file.error(f"line {line}", f"unknown category '{row.category}'", "Use a name of categories.toml.")
        if not row.code.strip() or not row.code.isascii():
            raise file.error(f"line {line}", "the code is empty or not ASCII", "Give the code as its system writes it.")
        rows.append(row)
    return rows


def checked(rows: Iterable[CodeRow], known: Sequence[System], allowed: dict[str, Category]) -> Iterator[CodeRow]:
    """Rows from elsewhere, each of a system and a category that policy knows. Raises ValueError."""
    names = {system.name for system in known}
    for row in rows:
        if row.system not in names or row.category not in allowed or not row.code.strip() or not row.code.isascii():
            raise ValueError(
                f"row ({row.system}, {row.code}, {row.category}) of {row.source}: unknown system or category"
            )
        yield row


def words(files: PolicyFiles, allowed: dict[str, Category]) -> Words:
    """The terms of terms.toml and medicines.toml for the categories that are withheld."""
    terms, medicines = files.get(f"{FOLDER}/terms.toml"), files.get(f"{FOLDER}/medicines.toml")
    patterns: dict[str, list[str]] = {}
    benign: list[str] = []
    for name, entry in terms.toml().items():
        if name == "benign":
            terms.only(entry, ("words",), name)
            benign = _phrases(terms, entry.get("words", []), f"[{name}]")
            continue
        _known_category(terms, name, allowed)
        terms.only(entry, ("words", "places", "roles"), name)
        for key in entry:
            for phrase in _phrases(terms, entry[key], f"[{name}]", key):
                patterns.setdefault(name, []).append(phrases.words(phrase))
    ambiguous: list[Ambiguous] = []
    for name, entry in medicines.toml().items():
        _known_category(medicines, name, allowed)
        medicines.only(entry, ("certain", "ambiguous"), name)
        certain = _phrases(medicines, entry.get("certain", []), f"[{name}]", "certain")
        patterns.setdefault(name, []).extend(phrases.words(phrase) for phrase in certain)
        ambiguous += [_ambiguous(medicines, name, one) for one in entry.get("ambiguous", [])]
    on = {name for name, category in allowed.items() if category.on}
    return Words(
        {name: phrases.union(found) for name, found in patterns.items() if name in on},
        tuple(one for one in ambiguous if one.category in on),
        phrases.benign(benign),
    )


def _ambiguous(file: PolicyFile, category: str, entry: dict[str, Any]) -> Ambiguous:
    file.only(entry, ("names", "unless", "other"), f"{category}.ambiguous")
    place = (f"{category}.ambiguous", "names")
    names = _phrases(file, entry.get("names", []), *place)
    unless = _phrases(file, entry.get("unless", []), *place)
    if not names:
        raise file.error(file.at(*place), "an ambiguous medicine without a name", "List its names.")
    return Ambiguous(
        category,
        phrases.union(phrases.words(one) for one in names),
        phrases.union(phrases.words(one) for one in unless),
    )


def _known_category(file: PolicyFile, name: str, allowed: dict[str, Category]) -> None:
    if name not in allowed:
        raise file.error(file.at(f"[{name}]"), f"unknown category '{name}'", "Use a name of categories.toml.")


def _phrases(file: PolicyFile, found: object, *place: str) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise file.error(file.at(*place), "not a list of phrases", 'Write a list such as ["one", "two"].')
    for phrase in found:
        try:
            phrases.words(phrase)
        except phrases.PhraseError:
            mend = "Use the notation at the top of terms.toml."
            raise file.error(file.at(phrase), f"'{phrase}' is not a phrase", mend) from None
    return found
