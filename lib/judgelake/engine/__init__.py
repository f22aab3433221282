"""How text reaches a model: an async HTTP client, and a supervised vLLM server on each executor. No judging here."""

from judgelake.engine.ask import Ask, Asker, AskerFactory, Endpoint, Reply
from judgelake.engine.client import Client, client_factory
from judgelake.engine.command import Launch, is_cpu_build, with_dtype_for_this_cpu
from judgelake.engine.endpoint import endpoint_of_url, settings_of_server
from judgelake.engine.environment import env_changing
from judgelake.engine.errors import EngineGone, EngineRefused
from judgelake.engine.identity import local_model, model_identity, served_identity
from judgelake.engine.options import answer_changing, chat_template, check_options, max_model_len
from judgelake.engine.processes import owner_of_this_driver, owner_of_this_worker
from judgelake.engine.server import Started, ensure_engine, stop_engines
from judgelake.engine.stream import run_stream, stream

__all__ = [
    "Ask",
    "Asker",
    "AskerFactory",
    "Client",
    "Endpoint",
    "EngineGone",
    "EngineRefused",
    "Launch",
    "Reply",
    "Started",
    "answer_changing",
    "chat_template",
    "check_options",
    "client_factory",
    "endpoint_of_url",
    "ensure_engine",
    "env_changing",
    "is_cpu_build",
    "local_model",
    "max_model_len",
    "model_identity",
    "owner_of_this_driver",
    "owner_of_this_worker",
    "run_stream",
    "served_identity",
    "settings_of_server",
    "stop_engines",
    "stream",
    "with_dtype_for_this_cpu",
]
