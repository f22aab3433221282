"""The options a server is started with, which of them can change a verdict, and the identity of a model."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from judgelake.config import validated
from judgelake.engine import (
    Engine,
    Launch,
    answer_changing,
    chat_template,
    check_options,
    env_changing,
    local_model,
    model_identity,
    served_identity,
    with_dtype_for_this_cpu,
    with_float32_head,
)
from judgelake.engine.server.command import server_command, settings_of
from judgelake.engine.server.diagnosis import causes, start_failure
from judgelake.engine.server.environment import bound_cores, server_environment
from judgelake.engine.server.options import option_name
from judgelake.engine.server.probe import Progress, read_progress
from judgelake.engine.server.state import EngineFiles, private_folder
from judgelake.errors import RunError, UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.resolve import resolve_judge


@pytest.mark.parametrize(
    ("options", "changing"),
    [
        pytest.param({"dtype": "bfloat16"}, {"dtype": "bfloat16"}, id="number format"),
        pytest.param({"max_model_len": 4096}, {"max-model-len": 4096}, id="underscores are dashes"),
        pytest.param({"--quantization": "fp8"}, {"quantization": "fp8"}, id="leading dashes"),
        pytest.param({"tensor-parallel-size": 4, "tp": 2, "gpu-memory-utilization": 0.9}, {}, id="how it is spread"),
        pytest.param({"max-num-seqs": 8, "block-size": 16, "no-enable-prefix-caching": True}, {}, id="speed only"),
        pytest.param({"brand-new-option": 1}, {"brand-new-option": 1}, id="unknown counts as changing"),
        pytest.param({"seed": None}, {}, id="left out is not set"),
        pytest.param({"load-format": "dummy"}, {"load-format": "dummy"}, id="random weights"),
        pytest.param({"model-loader-extra-config": "{}"}, {"model-loader-extra-config": "{}"}, id="other files"),
        pytest.param({"compilation_config": "{}"}, {"compilation-config": "{}"}, id="a compiler of one's own"),
        pytest.param({"rope": 1, "lora": "x"}, {"lora": "x", "rope": 1}, id="sorted"),
    ],
)  # fmt: skip
def test_only_options_that_can_change_an_answer_count(options, changing):
    assert answer_changing(options) == changing
    assert list(answer_changing(options)) == sorted(changing)


def test_a_chat_template_in_a_file_counts_by_what_it_says_and_not_by_where_it_lies(tmp_path):
    here, there = tmp_path / "a.jinja", tmp_path / "b.jinja"
    here.write_text("{{ messages }}")
    there.write_text("{{ messages }}")
    first = answer_changing({"chat-template": str(here)})
    assert first == answer_changing({"--chat_template": str(there)})
    assert str(tmp_path) not in str(first)
    here.write_text("{{ messages }}!")
    assert answer_changing({"chat-template": str(here)}) != first
    assert chat_template({"chat_template": str(here)}) == "{{ messages }}!"


@pytest.mark.parametrize("text", ["{{ messages }}", "{% if x %}" * 200, "/no/such.jinja", "a\0b"])
def test_a_chat_template_that_is_not_a_file_counts_as_its_text(text):
    assert answer_changing({"chat-template": text}) == {"chat-template": text}
    assert chat_template({"chat-template": text}) == text


def test_without_a_chat_template_there_is_none():
    assert chat_template({"dtype": "half"}) is None
    assert chat_template({"chat-template": None}) is None


def launch(engine, model="org/m", context_length=2048, gpus=()):
    return Launch(engine, model, "abc", context_length, gpus, owner_pid=1, cores=2)


def command(tmp_path, is_cpu=True, **options):
    return server_command(launch(Engine(options=options)), tmp_path / "s.sock", is_cpu=is_cpu)


def test_the_command_starts_a_stock_server_and_options_have_the_last_word(tmp_path):
    line = " ".join(command(tmp_path, **{"max_model_len": 512, "enforce-eager": False, "dtype": "half"}))
    assert "-m vllm.entrypoints.openai.api_server --uds" in line
    assert "--max-model-len 512" in line
    assert "--no-enforce-eager" in line
    assert "--revision abc" in line
    assert "--dtype half" in line
    assert "2048" not in line
    assert "--block-size" not in command(tmp_path, is_cpu=False)


@pytest.mark.parametrize(
    ("options", "planned", "served"),
    [
        pytest.param({"max-model-len": 900}, 900, "900", id="as vLLM writes it"),
        pytest.param({"max_model_len": 900}, 900, "900", id="underscores"),
        pytest.param({"--max-model-len": 900}, 900, "900", id="leading dashes"),
        pytest.param({"--max_model_len": 900}, 900, "900", id="leading dashes and underscores"),
        pytest.param({" max-model_len ": 900}, 900, "900", id="mixed, with spaces around"),
        pytest.param({"max-model": 900}, 900, "900", id="a beginning that fits no other option"),
        pytest.param({"max_m": 900}, 900, "900", id="the shortest one"),
        pytest.param({"max-model-len": 700, "max_model_len": 900}, 900, "900", id="the last of two spellings"),
        pytest.param({"max_model_len": 700, "max-model-len": 900}, 900, "900", id="in either order"),
        pytest.param({"max-model-len": "900"}, 900, "900", id="a number in quotes"),
        pytest.param({"max-model-len": "1k"}, 1000, "1k", id="thousands"),
        pytest.param({"max-model-len": "1.5k"}, 1500, "1.5k", id="thousands and a half"),
        pytest.param({"max_model_len": "1K"}, 1024, "1K", id="binary thousands"),
        pytest.param({"max-model-len": 99_999}, 8192, "99999", id="more than the judge reads"),
        pytest.param({"max-model-len": "auto"}, 8192, "auto", id="vLLM's own choice"),
        pytest.param({"max-model-len": -1}, 8192, "-1", id="vLLM's own choice as a number"),
        pytest.param({"max-model-len": None}, 8192, None, id="not given"),
        pytest.param({}, 8192, "8192", id="the judge's own"),
    ],
)  # fmt: skip
def test_the_longest_context_reaches_planner_and_server_alike(tmp_path, options, planned, served):
    job = validated(JudgeJob, {"judge": {"name": "chat", "model": "org/m"}, "engine": {"options": options}}, None)
    judge = resolve_judge(job)
    assert judge.context_length == planned
    wanted = launch(job.engine, context_length=judge.context_length)
    words = server_command(wanted, tmp_path / "s.sock", is_cpu=True)
    options = {word: words[index + 1] for index, word in enumerate(words) if word.startswith("--max-m")}
    assert options == ({} if served is None else {"--max-model-len": served})


@pytest.mark.parametrize("value", ["x", "1.5K", "", 4096.5, True, 0, -2])
def test_a_longest_context_that_is_not_a_number_of_tokens_is_refused_before_a_server_starts(value):
    job = {"judge": {"name": "chat", "model": "org/m"}, "engine": {"options": {"max_model_len": value}}}
    with pytest.raises(UserError, match=r"max_model_len.*4096.*auto"):
        resolve_judge(validated(JudgeJob, job, None))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("tp", "tensor-parallel-size"),
        ("--tensor_parallel_size", "tensor-parallel-size"),
        ("dty", "dtype"),
        ("max-model-len-of-tomorrow", "max-model-len-of-tomorrow"),
        ("max", "max"),
        ("compilation_config.cudagraph_mode", "compilation-config.cudagraph_mode"),
    ],
)
def test_an_option_has_one_name_however_it_is_spelled(given, name):
    assert option_name(given) == name


@pytest.mark.parametrize(
    ("engine", "flags", "is_cpu", "dtype"),
    [
        pytest.param({}, {"avx2"}, True, "float32", id="a CPU that would emulate bfloat16"),
        pytest.param({}, {"avx512_bf16"}, True, None, id="a CPU that has it"),
        pytest.param({}, {"bf16"}, True, None, id="an ARM that has it"),
        pytest.param({"options": {"--dtype": "half"}}, {"avx2"}, True, None, id="the user's own choice stays"),
        pytest.param({"options": {"dt": "half"}}, {"avx2"}, True, None, id="also where its name is cut short"),
        pytest.param({"url": "http://h/v1"}, {"avx2"}, True, None, id="not our server"),
        pytest.param({}, {"avx2"}, False, None, id="a build for GPUs"),
        pytest.param({}, set(), True, None, id="a machine that reports no CPU flags"),
    ],
)  # fmt: skip
def test_a_cpu_without_bfloat16_computes_in_float32_for_all_to_see(monkeypatch, engine, flags, is_cpu, dtype):
    monkeypatch.setattr("judgelake.engine.server.command.is_cpu_build", lambda: is_cpu)
    settled = with_dtype_for_this_cpu(Engine(**engine), frozenset(flags))
    assert settled.options.get("dtype") == dtype
    assert ("dtype" in answer_changing(settled.options)) == (dtype is not None or "options" in engine)


ROPE = '{"rope_theta": 1000000}'


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        pytest.param({}, {"hf-overrides.head_dtype": "float32"}, id="by its own key"),
        pytest.param(
            {"options": {"hf-overrides.rope_theta": 9}},
            {"hf-overrides.rope_theta": 9, "hf-overrides.head_dtype": "float32"},
            id="beside other keys",
        ),
        pytest.param(
            {"options": {"hf_overrides": ROPE}},
            {"hf-overrides": '{"head_dtype": "float32", "rope_theta": 1000000}'},
            id="in one JSON value: of two spellings vLLM takes the last alone",
        ),
        pytest.param(
            {"options": {"hf-overrides.head_dtype": "model"}}, {"hf-overrides.head_dtype": "model"}, id="the user's own"
        ),
        pytest.param(
            {"options": {"hf-overrides": '{"head_dtype": "model"}'}},
            {"hf-overrides": '{"head_dtype": "model"}'},
            id="the user's own in JSON",
        ),
        pytest.param({"options": {"hf-overrides": "{"}}, {"hf-overrides": "{"}, id="no JSON: vLLM says so"),
        pytest.param({"url": "http://h/v1"}, {}, id="not our server"),
    ],
)
def test_the_last_layer_computes_in_float32_where_probabilities_decide(engine, options):
    assert with_float32_head(Engine(**engine)).options == options


def environment(tmp_path, inherited, gpus=(), is_cpu=True, **engine):
    return server_environment(launch(Engine(**engine), gpus=gpus), tmp_path, is_cpu=is_cpu, inherited=inherited)


def test_the_environment_is_clean(tmp_path):
    spark = {
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SPARK_HOME": "/s",
        "A_KEY": "k",
    }
    env = environment(tmp_path, spark | {"PATH": "/bin", "HF_TOKEN": "t", "CUDA_VISIBLE_DEVICES": "5"})
    assert not set(spark) & set(env)
    assert (env["PATH"], env["HF_TOKEN"], env["CUDA_VISIBLE_DEVICES"]) == ("/bin", "t", "5")
    assert len(env["VLLM_CPU_OMP_THREADS_BIND"]) > 0
    assert 1 <= int(env["VLLM_CPU_KVCACHE_SPACE"]) <= 4


def test_the_python_path_reaches_the_server_without_sparks_own_entries(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entries = [
        "/s/python/lib/pyspark.zip",
        "/s/python/lib/py4j-0.10.9.9-src.zip",
        "/s/jars/spark-core_2.13-4.2.0.jar",
        "/s/python",
        "/yarn/container/pyspark.zip",
        "/libraries/vllm",
        "",
        "deps.zip",
        "/libraries/vllm",
    ]
    given = {"SPARK_HOME": "/s", "PYTHONPATH": ":".join(entries)}
    assert environment(tmp_path, given)["PYTHONPATH"] == f"/libraries/vllm:{tmp_path / 'deps.zip'}"
    assert "PYTHONPATH" not in environment(tmp_path, {"SPARK_HOME": "/s", "PYTHONPATH": "/s/python"})


def test_a_server_of_a_local_model_does_not_ask_hugging_face(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    local, of_a_hub = (
        server_environment(launch(Engine(), model), tmp_path, is_cpu=True, inherited={})
        for model in (str(tmp_path), "org/m")
    )
    assert offline.items() <= local.items()
    assert not set(offline) & set(of_a_hub)


def test_a_server_sees_only_its_gpus_and_engine_env_has_the_last_word(tmp_path):
    env = environment(tmp_path, {"CUDA_VISIBLE_DEVICES": "0"}, ("2", "3"), False, env={"OMP_NUM_THREADS": "8"})
    assert (env["CUDA_VISIBLE_DEVICES"], env["OMP_NUM_THREADS"]) == ("2,3", "8")
    assert "VLLM_CPU_KVCACHE_SPACE" not in env


def test_cpu_engines_of_one_host_compute_on_different_cores_while_there_are_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 6}, raising=False)

    def bound(taken):
        wanted = launch(Engine())
        env = server_environment(wanted, tmp_path, is_cpu=True, taken=frozenset(taken), inherited={})
        return env["VLLM_CPU_OMP_THREADS_BIND"]

    assert [bound(()), bound({0, 1}), bound({0, 1, 2}), bound({0, 1, 2, 3})] == ["0-1", "2-3", "3,6", "0-1"]


@pytest.mark.parametrize(
    ("setting", "cores"),
    [("0-3", {0, 1, 2, 3}), ("0,2, 5", {0, 2, 5}), ("0-1|4", {0, 1, 4}), ("auto", set()), ("", set()), ("a1", set())],
)
def test_the_cores_of_an_engine_are_read_from_its_settings(setting, cores):
    assert bound_cores(setting) == cores


def test_gpus_are_counted_as_spark_counts_them_and_the_config_cannot_choose_others(tmp_path):
    env = environment(
        tmp_path, {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}, ("1",), False, env={"CUDA_VISIBLE_DEVICES": "0"}
    )
    assert (env["CUDA_VISIBLE_DEVICES"], env["CUDA_DEVICE_ORDER"]) == ("1", "PCI_BUS_ID")
    assert "CUDA_DEVICE_ORDER" not in environment(tmp_path, {})


def test_operational_variables_reach_the_server_and_are_recorded_and_count_for_no_fingerprint(tmp_path):
    operational = {"GLOO_SOCKET_IFNAME": "eth1", "MY_PLUGIN_CACHE": "/c", "PYTHONUNBUFFERED": "0"}
    env = environment(tmp_path, {"GLOO_SOCKET_IFNAME": "eth0"}, env_operational=operational)
    assert operational.items() <= env.items()
    wanted = launch(Engine(env_operational=operational), gpus=("0",))
    settings = settings_of(["vllm", "--dtype", "half"], env, wanted)
    assert settings["env_operational"] == operational
    assert (settings["gpus"], settings["gpus_of"]) == (["0"], "task")
    job = {"judge": {"name": "chat", "model": "org/m"}}
    plain, named = (
        resolve_judge(validated(JudgeJob, job | {"engine": {"env_operational": env}}, None)).fingerprint
        for env in ({}, operational)
    )
    assert plain == named


@pytest.mark.parametrize(
    "name",
    [
        *("VLLM_MODEL_REDIRECT_PATH", "NVIDIA_TF32_OVERRIDE", "TORCHDYNAMO_DISABLE", "CUBLAS_WORKSPACE_CONFIG"),
        *("LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE"),
    ],
)
def test_what_may_change_an_answer_is_not_operational(name):
    job = {"judge": {"name": "chat", "model": "org/m"}, "engine": {"env_operational": {name: "1"}}}
    with pytest.raises(UserError, match=rf"env_operational.*{name} may change an answer.*engine\.env"):
        validated(JudgeJob, job, None)


def test_a_secret_is_not_operational():
    job = {"judge": {"name": "chat", "model": "org/m"}, "engine": {"env_operational": {"MY_API_KEY": "1"}}}
    with pytest.raises(UserError, match=r"MY_API_KEY.*secret"):
        validated(JudgeJob, job, None)


def test_the_environment_cannot_change_a_verdict_unseen(tmp_path):
    ambient = {
        "VLLM_API_KEY": "k",
        "VLLM_MODEL_REDIRECT_PATH": "/other",
        "VLLM_TEST_FORCE_LOAD_FORMAT": "dummy",
        "VLLM_USE_V2_MODEL_RUNNER": "1",
        "VLLM_PLUGINS": "x",
        "TORCH_COMPILE_DISABLE": "0",
        "TORCHDYNAMO_DISABLE": "1",
        "TRITON_INTERPRET": "1",
        "NVIDIA_TF32_OVERRIDE": "1",
    }
    places = {
        "VLLM_CPU_KVCACHE_SPACE": "9",
        "VLLM_CACHE_ROOT": "/c",
        "VLLM_HOST_IP": "10.0.0.1",
        "TORCH_HOME": "/t",
        "TORCH_CUDA_ARCH_LIST": "9.0",
        "TRITON_CACHE_DIR": "/tr",
        "NVIDIA_VISIBLE_DEVICES": "all",
        "NCCL_DEBUG": "INFO",
        "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1",
        "GLOO_SOCKET_IFNAME": "eth0",
        "VLLM_PORT": "5000",
        "LD_PRELOAD": "/lib/libtcmalloc.so",
        "KRB5CCNAME": "/tmp/krb5cc",
    }
    env = environment(tmp_path, ambient | places, is_cpu=False)
    assert not set(ambient) & set(env)
    assert places.items() <= env.items()


def test_what_the_config_adds_to_the_environment_counts_unless_it_only_says_where():
    env = {"VLLM_USE_V2_MODEL_RUNNER": "1", "VLLM_CACHE_ROOT": "/c", "HF_TOKEN": "t", "OMP_NUM_THREADS": "8", "A": "b"}
    assert list(env_changing(env).items()) == [("A", "b"), ("VLLM_USE_V2_MODEL_RUNNER", "1")]
    assert env_changing({}) == {}


def test_code_that_the_config_brings_counts_as_another_judge():
    job = {"judge": {"name": "chat", "model": "org/m"}}
    fingerprints = {
        resolve_judge(validated(JudgeJob, job | {"engine": {"env": env}}, None)).fingerprint
        for env in ({}, {"LD_PRELOAD": "/lib/a.so"}, {"LD_PRELOAD": "/lib/b.so"}, {"PYTHONPATH": "/p"})
    }
    assert len(fingerprints) == 4


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ("model", "judge.model"),
        ("--model", "judge.model"),
        ("served_model_name", "judge.model"),
        ("revision", "judge.revision"),
        ("revisio", "judge.revision"),
        ("uds", "private socket"),
        ("host", "private socket"),
        ("port", "private socket"),
        ("config", "engine.options"),
        ("dtype=half", "value"),
        ("--model=org/other", "value"),
    ],
)
def test_an_option_that_cannot_be_set_is_refused_with_what_to_set_instead(tmp_path, option, remedy):
    with pytest.raises(UserError, match=remedy) as error:
        check_options({"dtype": "half", option: "x"})
    assert repr(option) in str(error.value)
    with pytest.raises(UserError):
        command(tmp_path, **{option: "x"})


def test_other_options_are_the_users_to_choose():
    check_options({"model-impl": "auto", "config-format": "hf", "tp": 2, "seed": 3})


@pytest.mark.parametrize(
    ("group", "name"),
    [
        *[("options", name) for name in ("hf-token", "--hf_token", "api-key", "ssl-keyfile-password", "loader.token")],
        # As vLLM's parser accepts them: a beginning that no other option has, and spaces, which are cut off.
        *[("options", name) for name in ("hf-t", "--hf_tok", "api-k", "ssl-keyfile-pass", "hf-token ", " hf_to ")],
        *[("env", name) for name in ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "VLLM_API_KEY", "MY_PASSWORD", "X_SECRET")],
    ],
)
def test_a_secret_in_the_config_is_refused_before_it_can_be_logged_and_not_repeated(group, name):
    with pytest.raises(UserError, match="environment of the executors") as error:
        validated(JudgeJob, {"judge": {"name": "chat"}, "engine": {group: {name: "very secret"}}}, None)
    assert f"engine.{group}: {name!r}" in str(error.value)
    assert "very secret" not in str(error.value)


def test_a_secret_written_as_one_word_with_its_name_is_not_repeated_either():
    with pytest.raises(UserError, match=r"engine\.options: '--hf-token' is a secret") as error:
        validated(JudgeJob, {"judge": {"name": "chat"}, "engine": {"options": {"--hf-token=very secret": True}}}, None)
    assert "very secret" not in str(error.value)


@pytest.mark.parametrize("group", ["options", "env", "env_operational", "body"])
def test_an_address_with_a_password_in_a_value_is_refused_and_not_repeated(group):
    content = {"judge": {"name": "chat"}, "engine": {group: {"https_proxy": "http://me:pass5@proxy.example:3128"}}}
    with pytest.raises(UserError, match=rf"engine\.{group}: an address with user and password") as error:
        validated(JudgeJob, content, None)
    assert "pass5" not in str(error.value)
    for harmless in ("http://proxy.example:3128", "see http://a.example/@me", "me@example.org"):
        assert Engine(**{group: {"https_proxy": harmless}})


def test_what_only_sounds_like_a_secret_is_none():
    options = {"max-num-batched-tokens": 8, "tokenizer": "t", "enable-prompt-tokens-details": True, "ssl-keyfile": "f"}
    options |= {"hf-overrides": "{}", "hf": "h", "api-server-count": 2, "data-parallel-hybrid-lb": True}
    Engine(options=options, env={"TOKENIZERS_PARALLELISM": "1", "OMP_NUM_THREADS": "2", "AWS_REGION": "eu"})


def test_the_keys_a_config_may_not_hold_come_from_the_executors_environment(tmp_path):
    keys = {"HF_TOKEN": "t", "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "AZURE_STORAGE_ACCOUNT_KEY": "a"}
    assert keys.items() <= environment(tmp_path, keys | {"SPARK_SECRET": "s"}).items()
    assert not {"SPARK_SECRET", "VLLM_API_KEY"} & set(environment(tmp_path, {"SPARK_SECRET": "s", "VLLM_API_KEY": "k"}))


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"hidden_size": 8, "_name_or_path": "here"}))
    (folder / "tokenizer.json").write_text("{}")
    weights = os.urandom(17 * 1024 * 1024)
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}" + weights)
    return folder


def test_a_local_model_is_known_by_content_not_by_path(model, tmp_path):
    first = model_identity(str(model), None)
    copy = shutil.copytree(model, tmp_path / "elsewhere")
    (copy / "README.md").write_text("notes")
    (copy / "config.json").write_text(json.dumps({"_name_or_path": "there", "hidden_size": 8}))
    assert first.startswith("local:")
    assert model_identity(str(copy), "ignored") == first


@pytest.mark.parametrize("change", ["config.json", "tokenizer.json", "model.safetensors", "chat_template.jinja"])
def test_a_change_of_content_is_another_model(model, change):
    before = model_identity(str(model), None)
    with (model / change).open("ab") as file:
        file.write(b" 1")
    assert model_identity(str(model), None) != before


def test_a_hugging_face_model_is_identified_by_name_and_revision():
    assert model_identity("org/name", "abc") == "org/name@abc"
    assert model_identity("org/name", None) == "org/name@unpinned"
    assert local_model("org/name") is None


@pytest.mark.parametrize("name", ["/models/my-judge", "accounts/x/models/y", "@cf/meta/m", "gpt-x"])
def test_a_model_behind_an_address_is_a_name_whatever_it_looks_like(name):
    assert served_identity(name, None) == f"{name}@unpinned"
    assert served_identity(name, "v2") == f"{name}@v2"


@pytest.mark.parametrize("path", ["./absent", "/absent/model", "models/absent/deep", "~/absent-model"])
def test_a_path_without_a_model_is_a_users_mistake(path):
    with pytest.raises(UserError, match="absent"):
        model_identity(path, None)


def test_a_folder_without_a_config_is_not_a_model(tmp_path):
    with pytest.raises(UserError, match="config"):
        model_identity(str(tmp_path), None)


LOG = """
(APIServer pid=7) INFO 11-23 04:15:16 [api_utils.py:286] non-default args
(EngineCore pid=9) ERROR 11-23 04:15:20 [core.py:99] Traceback (most recent call last):
(EngineCore pid=9) ERROR 11-23 04:15:20 [core.py:99]   File "x.py", line 3, in y
(EngineCore pid=9) ERROR 11-23 04:15:20 [core.py:99] {cause}
(APIServer pid=7) RuntimeError: Engine core initialization failed. See root cause above.
judgelake supervisor: ending the server: the server ended by itself (exit code 1)
"""


@pytest.mark.parametrize(
    ("cause", "kind", "remedy"),
    [
        pytest.param("ValueError: max_model_len (9) is greater than 8", UserError, "engine.options", id="value"),
        pytest.param("api_server.py: error: unrecognized arguments: --x", UserError, "engine.options", id="option"),
        pytest.param("torch.OutOfMemoryError: CUDA out of memory", UserError, "Free memory", id="memory"),
        pytest.param("OSError: org/x is not a valid model identifier", UserError, "judge.model", id="model"),
        pytest.param(
            "Value error, User-specified max_model_len (9) is greater", UserError, "judge.context", id="length"
        ),
        pytest.param("ValueError: less than requested memory for kv (9 GiB)", UserError, "Free memory", id="cache"),
        pytest.param("KeyError: 'a bug'", RunError, "KeyError", id="nobody's mistake"),
    ],
)
def test_a_failed_start_names_the_cause_and_whose_mistake_it_is(tmp_path, cause, kind, remedy):
    log = tmp_path / "x.log"
    log.write_text(LOG.format(cause=cause))
    error = start_failure("m", log, "ended", 1)
    assert isinstance(error, kind)
    assert cause in str(error)
    assert remedy in str(error)
    assert str(log) in str(error)
    assert "\n" not in str(error)


def test_a_server_killed_at_its_start_was_out_of_memory(tmp_path):
    assert "lack of memory" in str(start_failure("m", tmp_path / "none.log", "the server ended", -9))


def test_a_log_without_an_error_shows_its_last_lines():
    assert causes("a\nb\nc\nd\n") == ["b", "c", "d"]


def test_progress_is_read_from_metrics_for_each_engine():
    text = '# HELP x\nvllm:num_requests_running{engine="0"} 2.0\nvllm:num_requests_waiting{a="b c",engine="0"} 1.0\n'
    text += 'vllm:prompt_tokens_total{engine="0"} 10\nvllm:request_success_total{engine="0",r="x"} 6\n'
    text += 'vllm:prompt_tokens_total{engine="1"} 5\nvllm:prompt_tokens_total{engine="1"} broken\n'
    assert read_progress(text) == {"0": Progress(unfinished=3, counted=16), "1": Progress(unfinished=0, counted=5)}
    assert read_progress("vllm:num_requests_running 1") == {"": Progress(unfinished=1, counted=0)}
    assert read_progress("") == {}
    assert read_progress(None) is None


def test_a_socket_path_is_short_enough_for_the_kernel(tmp_path):
    deep = private_folder(str(tmp_path / ("x" * 100)))
    assert len(os.fsencode(EngineFiles(deep, "k" * 16).socket)) <= 107


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(UserError, match=r"engine\.folder"):
        private_folder(str(tmp_path))


@pytest.mark.parametrize("mode", [0o777, 0o750, 0o701])
def test_a_folder_open_to_others_is_refused_and_not_changed(tmp_path, mode):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    with pytest.raises(UserError, match=rf"open to other users \(mode {mode:o}\).*chmod 700"):
        private_folder(str(shared))
    assert shared.stat().st_mode & 0o777 == mode


def test_a_link_is_no_private_folder(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UserError, match=r"is a link.*engine\.folder"):
        private_folder(str(tmp_path / "link"))


def test_the_default_folder_is_closed_to_others_unless_they_have_used_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = private_folder(None)
    assert folder.parent == tmp_path
    folder.chmod(0o777)
    assert private_folder(None).stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    monkeypatch.setattr("judgelake.engine.server.state._holds_only_ours", lambda _: False)
    with pytest.raises(UserError, match="open to other users"):
        private_folder(None)


def test_a_folder_that_takes_no_file_is_refused(tmp_path, monkeypatch):
    def refused(**keywords):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    with pytest.raises(UserError, match=r"not writable by this user.*engine\.folder"):
        private_folder(str(tmp_path))


def test_byte_code_goes_to_the_cache_where_the_packages_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "PYTHONPYCACHEPREFIX" not in environment(tmp_path / "cache", {})

    def refused(**keywords):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    assert environment(tmp_path / "cache", {})["PYTHONPYCACHEPREFIX"] == str(tmp_path / "cache")
