"""The stores' failures. Both mean: answer nothing."""

from __future__ import annotations


class RegistryUnavailable(Exception):
    """Whether somebody has opted out cannot be known now."""


class AuditUnavailable(Exception):
    """The audit entry is not on disk."""
