"""`joinup token`: access tokens of the demo issuer. Works only where a configuration has one."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Annotated, Any

import jwt
import typer
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from gateway.cli._settings import DEFAULT, ConfigFile, give_up, settings_of
from gateway.config import Issuer
from gateway.identity.keys import public_of_signing_key
from gateway.settings import Settings


def command(
    role: Annotated[str, typer.Option(help="Gateway role, e.g. gp.")] = "gp",
    organisation: Annotated[str | None, typer.Option(help="ODS code of the organisation.")] = None,
    subject: Annotated[str, typer.Option(help="Who asks.")] = "demo-user",
    name: Annotated[str | None, typer.Option(help="The person's name, for the audit.")] = None,
    patient: Annotated[str | None, typer.Option(help="Own NHS number, for the role patient.")] = None,
    purpose: Annotated[str | None, typer.Option(help="Purpose of use, e.g. TREAT or ETREAT.")] = None,
    client: Annotated[str, typer.Option(help="The application.")] = "graphiql",
    minutes: Annotated[int, typer.Option(min=1, help="Life of the token.")] = 480,
    config: ConfigFile = DEFAULT,
    new_key: Annotated[
        Path | None, typer.Option(help="Write a new demo signing key here, and do nothing else.")
    ] = None,
) -> None:
    """Print a token that this configuration's demo issuer signs."""
    if new_key is not None:
        write_key(new_key)
        typer.echo(f'{new_key}: written; name it in demo_signing_key, with algorithms = ["ES256"]')
        return
    try:
        text = demo_token(
            settings_of(config),
            role,
            subject=subject,
            organisation=organisation,
            name=name,
            nhs_number=patient,
            purpose=purpose,
            client=client,
            seconds=60 * minutes,
        )
    except LookupError as failure:
        give_up(f"{config}: {failure.args[0]}")
    typer.echo(text)


def demo_token(
    settings: Settings,
    role: str,
    *,
    subject: str = "demo-user",
    organisation: str | None = None,
    name: str | None = None,
    nhs_number: str | None = None,
    purpose: str | None = None,
    client: str = "graphiql",
    seconds: int = 28_800,
) -> str:
    """A token of the configuration's demo issuer. Raises LookupError, with the mend, when there is none."""
    issuer = next((entry for entry in settings.config.identity.issuers.values() if entry.demo_signing_key), None)
    if issuer is None:
        raise LookupError("no issuer has demo_signing_key; tokens come from your real issuers")
    now = int(time.time())
    names = issuer.claims
    facts = {
        names.role: _their_name(issuer, role),
        names.organisation: organisation,
        names.name: name,
        names.patient: nhs_number,
        names.purpose: purpose,
        names.client: client,
    }
    claims: dict[str, Any] = {
        "iss": issuer.issuer,
        "aud": issuer.audience[0],
        "sub": subject,
        "iat": now,
        "exp": now + min(seconds, issuer.max_lifetime_s),
        "jti": uuid.uuid4().hex,
        **{claim: value for claim, value in facts.items() if value is not None},
    }
    return _sign(claims, issuer, settings)


def write_key(path: Path) -> None:
    """A new ES256 key, readable by its owner only. An existing file is left alone."""
    if path.exists():
        give_up(f"{path}: exists already; remove it first if you mean to replace it")
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


def _their_name(issuer: Issuer, role: str) -> str:
    return next((theirs for theirs, ours in issuer.role_names.items() if ours == role), role)


def _sign(claims: dict[str, Any], issuer: Issuer, settings: Settings) -> str:
    """With the demo key, in the algorithm that its kind and the configuration agree on."""
    path = settings.path(issuer.demo_signing_key or "")
    key: Any = load_pem_private_key(path.read_bytes(), None)
    algorithm = public_of_signing_key(path, issuer.algorithms).keys[0].algorithm
    return jwt.encode(claims, key, algorithm, headers={"typ": issuer.token_types[-1]})
