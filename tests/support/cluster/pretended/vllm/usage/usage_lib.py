"""As in vLLM: for whom an engine is."""

from __future__ import annotations

from enum import Enum


class UsageContext(Enum):
    """Of vLLM's contexts the one in which judgelake's engines run."""

    OPENAI_API_SERVER = "openai_api_server"
