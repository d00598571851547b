"""Picks one chain per leaf of a required selection so that together they cost least."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.federation.chains import Chain

_Prefix = tuple[tuple[int, str], ...]


def cheapest(alternatives: Sequence[Sequence[Chain]]) -> tuple[Chain, ...]:
    """Greedy, leaves with the fewest alternatives first; hops already chosen cost nothing more."""
    paid: dict[_Prefix, int] = {}
    chosen: dict[int, Chain] = {}
    for index in sorted(range(len(alternatives)), key=lambda i: len(alternatives[i])):
        options = alternatives[index]
        chain = min(options, key=lambda c: _extra(c, paid)) if len(options) > 1 else options[0]
        chosen[index] = chain
        paid.update(_prefixes(chain))
    return tuple(chosen[index] for index in range(len(alternatives)))


def _extra(chain: Chain, paid: dict[_Prefix, int]) -> int:
    return sum(cost for prefix, cost in _prefixes(chain).items() if prefix not in paid)


def _prefixes(chain: Chain) -> dict[_Prefix, int]:
    found: dict[_Prefix, int] = {}
    prefix: _Prefix = ()
    for hop in chain:
        prefix = (*prefix, hop.ident)
        found[prefix] = hop.cost
    return found
