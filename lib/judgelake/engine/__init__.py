"""How text reaches a model: an async HTTP client, and a supervised vLLM server on each executor. No judging here."""

from judgelake.engine.call import Ask, Asker, AskerFactory, Endpoint, Reply, Sending
from judgelake.engine.client.client import Client, client_factory
from judgelake.engine.client.endpoint import endpoint_of_url, settings_of_server
from judgelake.engine.client.loop_thread import run_stream
from judgelake.engine.client.sent_ids import field_of_texts
from judgelake.engine.client.window import stream
from judgelake.engine.config import Engine, request_changing
from judgelake.engine.encoder import Encoder, UnsafeTokenizerError, load_encoder, writes_chats_by_template
from judgelake.engine.ending_tokens import end_token, ending_ids
from judgelake.engine.errors import EngineGone, EngineRefused, StartFailed, StartRefused, told_to_end
from judgelake.engine.keys import Keys
from judgelake.engine.model.adapter import Adapter, ResolvedAdapter, adapted, adapter_here, resolve_adapter
from judgelake.engine.model.copies import Say, say_on_stderr
from judgelake.engine.model.folder import local_model, most_positions, shortest_context
from judgelake.engine.model.hub import CommitOf, commit_of
from judgelake.engine.model.identity import model_identity, served_identity
from judgelake.engine.model.place import is_address, is_in_mlflow
from judgelake.engine.model.resolve import ResolvedModel, model_here, resolve_model, served_model
from judgelake.engine.server.adapters import check_adapter_options
from judgelake.engine.server.command import Launch, is_cpu_build, with_dtype_for_this_cpu, with_float32_head
from judgelake.engine.server.gpus import Assigned, assigned_gpus, nvidia_smi, read_gpus
from judgelake.engine.server.lease import Lease
from judgelake.engine.server.options import (
    answer_changing,
    chat_template,
    check_logprobs,
    check_options,
    has_reasoning_parser,
    max_model_len,
    template_values,
)
from judgelake.engine.server.processes import cores_of_executor, owner_of_this_driver, owner_of_this_worker
from judgelake.engine.server.sequences import copies, given_sequences, sequences_at_once
from judgelake.engine.server.start import Started, ensure_engine, stop_engines
from judgelake.engine.server.variables import env_changing
from judgelake.engine.shipped_tokenizer import (
    TOKENIZER_FILES,
    ShippedTokenizer,
    downloaded_tokenizer_folder,
    ship_tokenizer,
)
from judgelake.engine.tokenizer import (
    SIGNS_OF_A_TOKENIZER,
    load_tokenizer,
    token_ids,
    tokenizer_folder,
    without_torch,
)

__all__ = [
    "SIGNS_OF_A_TOKENIZER",
    "TOKENIZER_FILES",
    "Adapter",
    "Ask",
    "Asker",
    "AskerFactory",
    "Assigned",
    "Client",
    "CommitOf",
    "Encoder",
    "Endpoint",
    "Engine",
    "EngineGone",
    "EngineRefused",
    "Keys",
    "Launch",
    "Lease",
    "Reply",
    "ResolvedAdapter",
    "ResolvedModel",
    "Say",
    "Sending",
    "ShippedTokenizer",
    "StartFailed",
    "StartRefused",
    "Started",
    "UnsafeTokenizerError",
    "adapted",
    "adapter_here",
    "answer_changing",
    "assigned_gpus",
    "chat_template",
    "check_adapter_options",
    "check_logprobs",
    "check_options",
    "client_factory",
    "commit_of",
    "copies",
    "cores_of_executor",
    "downloaded_tokenizer_folder",
    "end_token",
    "ending_ids",
    "endpoint_of_url",
    "ensure_engine",
    "env_changing",
    "field_of_texts",
    "given_sequences",
    "has_reasoning_parser",
    "is_address",
    "is_cpu_build",
    "is_in_mlflow",
    "load_encoder",
    "load_tokenizer",
    "local_model",
    "max_model_len",
    "model_here",
    "model_identity",
    "most_positions",
    "nvidia_smi",
    "owner_of_this_driver",
    "owner_of_this_worker",
    "read_gpus",
    "request_changing",
    "resolve_adapter",
    "resolve_model",
    "run_stream",
    "say_on_stderr",
    "sequences_at_once",
    "served_identity",
    "served_model",
    "settings_of_server",
    "ship_tokenizer",
    "shortest_context",
    "stop_engines",
    "stream",
    "template_values",
    "token_ids",
    "tokenizer_folder",
    "told_to_end",
    "with_dtype_for_this_cpu",
    "with_float32_head",
    "without_torch",
    "writes_chats_by_template",
]
