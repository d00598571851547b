"""Small random changes to subgraphs, to put two composers before the same odd inputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tests.federation.composing import FED

Subgraphs = dict[str, str]
_FIELD = re.compile(r"^(\s+)(\w+)(\([^)]*\))?: ([\[\]\w!]+)(.*)$")
_TYPE = re.compile(r"^\s*(extend )?(type|interface|input) (\w+)\b.*\{")
_IMPORTS = FED.split("import: ")[1].split(")")[0]
_LINK = re.compile(r'(url:\s*"https://specs\.apollo\.dev/federation/v2\.)\d+"\s*,?\s*(import:\s*\[[^\]]*\])?')


def widened(sdl: str) -> str:
    """The same subgraph linking federation v2.9 with every directive imported."""
    return _LINK.sub(lambda match: f'{match[1]}9", import: {_IMPORTS}', sdl, count=1)


def mutant(random: Random, subgraphs: Subgraphs) -> Subgraphs:
    """One or two changes to some subgraph."""
    result = {name: widened(sdl) for name, sdl in subgraphs.items()}
    for _ in range(random.choice((1, 1, 1, 2))):
        name = random.choice(list(result))
        change: Callable[[Random, list[str], Subgraphs, str], None] = random.choice(_CHANGES)
        lines = result[name].split("\n")
        change(random, lines, result, name)
        result[name] = "\n".join(lines)
    return result


def _fields(lines: list[str]) -> list[int]:
    return [index for index, line in enumerate(lines) if _FIELD.match(line)]


def _names(lines: list[str]) -> list[str]:
    return [match[2] for line in lines if (match := _FIELD.match(line))] or ["id"]


def _drop_directive(random: Random, lines: list[str], _: Subgraphs, __: str) -> None:
    found = [(i, m) for i, line in enumerate(lines) for m in re.finditer(r" @(?!link)\w+(\([^)\n]*\))?", line)]
    if found:
        index, match = random.choice(found)
        lines[index] = lines[index][: match.start()] + lines[index][match.end() :]


def _direct_field(random: Random, lines: list[str], subgraphs: Subgraphs, name: str) -> None:
    places = _fields(lines)
    if not places:
        return
    other = random.choice([each for each in subgraphs if each != name] or ["none"])
    field = random.choice(_names(lines))
    lines[random.choice(places)] += " " + random.choice(
        (
            "@shareable",
            "@external",
            "@inaccessible",
            '@tag(name: "x")',
            f'@override(from: "{other}")',
            f'@override(from: "{other}", label: "percent(5)")',
            f'@requires(fields: "{field}")',
            f'@provides(fields: "{field}")',
            "@deprecated",
            "@authenticated",
            '@requiresScopes(scopes: [["a"]])',
            '@policy(policies: [["p"], ["q", "r"]])',
            "@cost(weight: 3)",
            "@listSize(assumedSize: 4)",
        )
    )


def _direct_type(random: Random, lines: list[str], _: Subgraphs, __: str) -> None:
    places = [i for i, line in enumerate(lines) if (m := _TYPE.match(line)) and m[2] == "type"]
    if places:
        field = random.choice(_names(lines))
        directive = random.choice(
            (
                f'@key(fields: "{field}")',
                f'@key(fields: "{field}", resolvable: false)',
                "@shareable",
                "@inaccessible",
                "@external",
                "@interfaceObject",
                "@authenticated",
                "@extends",
            )
        )
        index = random.choice(places)
        lines[index] = lines[index].replace("{", directive + " {")


def _retype(random: Random, lines: list[str], _: Subgraphs, __: str) -> None:
    places = _fields(lines)
    match = _FIELD.match(lines[index]) if places and (index := random.choice(places)) else None
    if match:
        type_ = random.choice((match[4].removesuffix("!"), match[4].removesuffix("!") + "!", "String", "[Int]"))
        lines[index] = f"{match[1]}{match[2]}{match[3] or ''}: {type_}{match[5]}"


def _argue(random: Random, lines: list[str], _: Subgraphs, __: str) -> None:
    places = _fields(lines)
    match = _FIELD.match(lines[index]) if places and (index := random.choice(places)) else None
    if match and not match[3]:
        args = random.choice(("a: Int", "a: Int!", "a: Int = 3", "b: String @inaccessible"))
        lines[index] = f"{match[1]}{match[2]}({args}): {match[4]}{match[5]}"


def _remove(random: Random, lines: list[str], _: Subgraphs, __: str) -> None:
    places = _fields(lines)
    if places:
        del lines[random.choice(places)]


def _borrow(random: Random, lines: list[str], subgraphs: Subgraphs, name: str) -> None:
    """Declare a field of another subgraph's type here, too."""
    others = [each for each in subgraphs if each != name]
    if not others:
        return
    theirs = subgraphs[random.choice(others)].split("\n")
    places = _fields(theirs)
    if not places:
        return
    index = random.choice(places)
    owner = next((m[3] for i in range(index, -1, -1) if (m := _TYPE.match(theirs[i]))), None)
    here = [i for i, line in enumerate(lines) if (m := _TYPE.match(line)) and m[3] == owner]
    if here:
        lines.insert(here[0] + 1, theirs[index])


def _extend(random: Random, lines: list[str], _: Subgraphs, __: str) -> None:
    places = [i for i, line in enumerate(lines) if (m := _TYPE.match(line)) and m[2] == "type"]
    if places:
        index = random.choice(places)
        extended = "extend type" in lines[index]
        old, new = ("extend type", "type") if extended else ("type", "extend type")
        lines[index] = lines[index].replace(old, new, 1)


_CHANGES = (
    _drop_directive,
    _direct_field,
    _direct_field,
    _direct_type,
    _retype,
    _argue,
    _remove,
    _borrow,
    _extend,
)
