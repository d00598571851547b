"""Does it compose, can every query be answered, does a lost fetch cost only itself?"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.federation.composition.compose import Composition, compose, nullability_errors
from gateway.federation.subgraph import SubgraphInput
from gateway.graph import RECORD, REFUSED_HINTS
from gateway.partner_check.report import Step
from resolvers.schema import record_sdl


def composed(inputs: Sequence[SubgraphInput], step: Step, satisfiable: Step) -> Composition | None:
    """The graph of the record with these subgraphs; None, with findings, where there is none."""
    every = [SubgraphInput(RECORD, record_sdl()), *inputs]
    merged = compose(every, satisfiability=False)
    step.errors(str(error) for error in merged.errors)
    for hint in merged.hints:
        if hint.code in REFUSED_HINTS:
            step.error(
                f"{hint.code}: {hint.message}; take the link out, or protect the fields with directives that are kept"
            )
        else:
            step.warn(f"{hint.code}: {hint.message}")
    if step.state == "failed":
        satisfiable.skipped = "it does not compose"
        return None
    whole = compose(every)
    satisfiable.errors(str(error) for error in whole.errors)
    return whole if whole.ok else None


def check_nullability(composition: Composition, step: Step) -> None:
    """Fields whose loss would take more than themselves away."""
    step.errors(str(error) for error in nullability_errors(composition, RECORD))
