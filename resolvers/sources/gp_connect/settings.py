"""What one practice's GP Connect end points need from configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Device:
    """The gateway as a Device resource in the audit token: an identifier of our own system, product and version."""

    system: str
    value: str
    model: str = "Joined-up record gateway"
    version: str = "1"


@dataclass(frozen=True, slots=True)
class GPConnectSettings:
    """GP Connect, "Cross-organisation audit and provenance" and the Spine Security Proxy headers.

    `own_asid` and `practice_asid` are the accredited system ids (Ssp-From, Ssp-To). `issuer` is the URL of our
    Spine end point, `user_system` the URL that names our kind of user id. `audience` and `appointments_audience` are
    the practice's service roots as the Spine Directory Service gives them; None: the upstream's base URL.
    `organisation_names` gives the names of the organisations that callers act for, by ODS code.
    `appointment_days` is how far ahead appointments are asked for. `past_appointment_days` stays 0 where the
    national rules hold: they refuse any search that reaches into the past. `citizens` stays False where they hold:
    the token must name a professional, so that for a person's own request the practice is not asked.
    """

    own_asid: str
    practice_asid: str
    issuer: str
    device: Device
    user_system: str
    audience: str | None = None
    appointments_audience: str | None = None
    organisation_names: Mapping[str, str] = field(default_factory=dict)
    appointment_days: int = 365
    past_appointment_days: int = 0
    citizens: bool = False
