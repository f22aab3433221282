"""Messages about a model name the keys that the user's own config has for it, whichever job it is of."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_folders import made_adapter, made_model

from judgelake.engine import (
    Endpoint,
    Engine,
    Keys,
    Launch,
    StartRefused,
    check_adapter_options,
    check_options,
    model_here,
    resolve_adapter,
    resolve_model,
    token_ids,
)
from judgelake.engine.client.outcome import unknown_path
from judgelake.engine.server.command import server_command
from judgelake.engine.server.diagnosis import start_failure
from judgelake.errors import UserError
from judgelake.judges import Prompt

SECOND = Keys.below("models.1")
BASE = Keys(model="judge.base", adapter=None, model_cache="XDG_CACHE_HOME")


def said(error: type[Exception], function, *arguments, **named) -> str:
    with pytest.raises(error) as raised:
        function(*arguments, **named)
    return str(raised.value)


@pytest.mark.parametrize(
    ("keys", "folder", "adapter"),
    [
        (Keys(), "Set judge.model to a folder", "set judge.adapter to it, and judge.model to the model"),
        (SECOND, "Set models.1.model to a folder", "set models.1.adapter to it, and models.1.model to the model"),
        (BASE, "Set judge.base to a folder", "is an adapter: set judge.base to the model"),
    ],
    ids=["a judge", "one of several models", "a base"],
)
def test_what_is_no_model_is_named_by_the_key_that_names_it(tmp_path, keys, folder, adapter):
    assert folder in said(UserError, resolve_model, "./nowhere", None, keys=keys)
    assert adapter in said(UserError, resolve_model, str(made_adapter(tmp_path / "a")), None, keys=keys)


def test_an_adapter_is_named_by_its_own_key(tmp_path):
    base = resolve_model(str(made_model(tmp_path / "m")), None, keys=SECOND)
    refused = ("./nowhere", "Set models.1.adapter to a folder"), (str(made_adapter(tmp_path / "a", use_dora=True)), "")
    for adapter, expected in refused:
        assert (expected or "and set models.1.model to the result") in said(
            UserError, resolve_adapter, adapter, base, keys=SECOND
        )


def test_a_model_that_is_nowhere_pinned_says_which_key_pins_it():
    (note,) = resolve_model("org/m", None, commit_of=lambda name, revision: None, keys=SECOND).notes
    assert note.endswith("Set models.1.revision to a commit.")


def test_a_host_that_has_another_model_names_the_key(tmp_path):
    from judgelake.engine.model.identity import check_model

    here = made_model(tmp_path / "m")
    assert "or set models.1.model to a place" in said(
        StartRefused, check_model, str(here), None, "local:other", keys=SECOND
    )
    found = resolve_model(str(here), None, keys=SECOND)
    assert (found.keys, model_here(found, None)) == (SECOND, str(here))


def test_the_folder_of_copies_is_set_where_the_job_can_set_it(tmp_path):
    from judgelake.engine.model.copies import cache_folder

    (tmp_path / "file").write_text("")
    for keys, expected in ((SECOND, "Set models.1.engine.model_cache."), (BASE, "Set XDG_CACHE_HOME.")):
        assert said(UserError, cache_folder, str(tmp_path / "file" / "below"), keys).endswith(expected)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("model", "set models.1.model"),
        ("revision", "set models.1.revision"),
        ("enable-lora", "set models.1.adapter"),
    ],
)
def test_an_option_that_a_key_stands_for_is_refused_with_that_key(option, expected):
    assert expected in said(UserError, check_options, {option: "x"}, SECOND)
    launch = Launch(Engine(options={option: "x"}), "m", None, 64, (), owner_pid=1, cores=1, keys=SECOND)
    assert expected in said(UserError, server_command, launch, Path("s.sock"), is_cpu=True)


def test_what_an_executor_says_names_the_keys_of_its_job(tmp_path):
    assert "must be 1 with models.1.adapter" in said(UserError, check_adapter_options, {"api-server-count": 2}, SECOND)
    log = tmp_path / "engine.log"
    log.write_text("OSError: org/x is not a valid model identifier\n")
    assert "Set models.1.model to a folder" in str(start_failure("org/x", log, "ended", 1, SECOND))
    log.write_text("ValueError: no\n")
    assert "models.1.model or models.1.context_length" in str(start_failure("org/x", log, "ended", 1, SECOND))
    endpoint = Endpoint("http://models.example/v1", None, None, "m", keys=SECOND)
    assert unknown_path(endpoint, "completions", ["other"], "").endswith("Set models.1.model.")


@pytest.mark.parametrize(
    ("keys", "remedy"),
    [
        (SECOND, "Set models.1.model to an instruct model, or engine.options.chat-template."),
        (BASE, "Set judge.base to an instruct model."),
    ],
    ids=["an engine could have another template", "a training could not"],
)
def test_a_chat_template_that_rejects_the_messages_names_the_model_to_change(keys, remedy):
    from judgelake.comparisons import Message

    class Rejecting:
        def apply_chat_template(self, *messages, **how):
            raise ValueError("no system role")

    chat = Prompt(messages=(Message("user", "Q"),))
    assert said(UserError, token_ids, Rejecting(), chat, "m", keys=keys).endswith(remedy)
