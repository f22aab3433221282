"""Choices by a hash: the same in every run, whatever else there is."""

from __future__ import annotations

import hashlib


def hash_of(*parts: object) -> str:
    """SHA-256 of the parts as texts; an order by it has nothing to do with what is sorted."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
