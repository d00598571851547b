"""TLS to an upstream: always verified, TLS 1.2 at least, with a client certificate where asked for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path


class TlsSettingsError(Exception):
    """The TLS settings cannot be used; says which file and what to do."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Trust and identity for one upstream. Verification cannot be switched off."""

    ca_file: Path | None = None  # PEM; default: the system's trust store
    client_certificate: Path | None = None  # PEM chain, for mTLS
    client_key: Path | None = None  # PEM; default: inside the certificate's file
    client_key_password: str | None = field(default=None, repr=False)


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """A client context for the settings. Raises TlsSettingsError."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError):
        raise TlsSettingsError(
            f"{settings.ca_file}: not a readable PEM file of certificates; give the CA's PEM as ca_file"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.client_certificate is not None:
        _load_identity(context, settings, settings.client_certificate)
    return context


def _load_identity(context: ssl.SSLContext, settings: TlsSettings, certificate: Path) -> None:
    password = settings.client_key_password or ""  # never prompt on the terminal
    try:
        context.load_cert_chain(certificate, settings.client_key, password=lambda: password)
    except (OSError, ssl.SSLError):
        raise TlsSettingsError(
            f"{certificate}: certificate and key cannot be read or do not belong together; "
            "check client_certificate, client_key and client_key_password"
        ) from None
