"""How text reaches a model: an async HTTP client, and a supervised vLLM server on each executor. No judging here."""

from judgelake.engine.call import Ask, Asker, AskerFactory, Endpoint, Reply
from judgelake.engine.client.client import Client, client_factory
from judgelake.engine.client.endpoint import endpoint_of_url, settings_of_server
from judgelake.engine.client.window import run_stream, stream
from judgelake.engine.config import Engine, request_changing
from judgelake.engine.errors import EngineGone, EngineRefused
from judgelake.engine.model import local_model, model_identity, most_positions, served_identity
from judgelake.engine.server.command import Launch, is_cpu_build, with_dtype_for_this_cpu
from judgelake.engine.server.environment import env_changing
from judgelake.engine.server.options import answer_changing, chat_template, check_logprobs, check_options, max_model_len
from judgelake.engine.server.processes import owner_of_this_driver, owner_of_this_worker
from judgelake.engine.server.start import Started, ensure_engine, stop_engines
from judgelake.engine.shipped_tokenizer import ShippedTokenizer, downloaded_tokenizer_folder, ship_tokenizer
from judgelake.engine.tokenizer import cached_tokenizer_folder, load_tokenizer, token_ids, tokenizer_folder

__all__ = [
    "Ask",
    "Asker",
    "AskerFactory",
    "Client",
    "Endpoint",
    "Engine",
    "EngineGone",
    "EngineRefused",
    "Launch",
    "Reply",
    "ShippedTokenizer",
    "Started",
    "answer_changing",
    "cached_tokenizer_folder",
    "chat_template",
    "check_logprobs",
    "check_options",
    "client_factory",
    "downloaded_tokenizer_folder",
    "endpoint_of_url",
    "ensure_engine",
    "env_changing",
    "is_cpu_build",
    "load_tokenizer",
    "local_model",
    "max_model_len",
    "model_identity",
    "most_positions",
    "owner_of_this_driver",
    "owner_of_this_worker",
    "request_changing",
    "run_stream",
    "served_identity",
    "settings_of_server",
    "ship_tokenizer",
    "stop_engines",
    "stream",
    "token_ids",
    "tokenizer_folder",
    "with_dtype_for_this_cpu",
]
