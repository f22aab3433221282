"""Which variables of an environment only say where and how a server runs, and which may change an answer."""

from __future__ import annotations

from collections.abc import Mapping

# What a server may see of the caller's environment. Nothing else is passed on: Spark sets OMP_NUM_THREADS to the
# task's cores, which makes an engine 1.6x slower, and PYTHONDONTWRITEBYTECODE doubles its start.
KEPT_NAMES = (
    "CC CUDA_DEVICE_ORDER CUDA_HOME CUDA_PATH CUDA_VISIBLE_DEVICES CURL_CA_BUNDLE CXX HOME HTTPS_PROXY HTTP_PROXY "
    "KRB5CCNAME KRB5_CONFIG LANG LD_LIBRARY_PATH LD_PRELOAD LOGNAME NO_PROXY PATH REQUESTS_CA_BUNDLE SSL_CERT_DIR "
    "SSL_CERT_FILE TMPDIR TZ USER VIRTUAL_ENV http_proxy https_proxy no_proxy"
)
# The environment must not change a verdict unnoticed. Of the hundreds of names that vLLM, torch, Triton and the driver
# read, some swap the model (VLLM_MODEL_REDIRECT_PATH), its weights (VLLM_TEST_FORCE_LOAD_FORMAT) or its arithmetic
# (NVIDIA_TF32_OVERRIDE), and VLLM_API_KEY locks us out of our own server. So names are allowed one by one, from vLLM
# 0.32's envs.py; any other goes through engine.env, where it is recorded and can count (`env_changing`).
KEPT_OF_ENGINES = (
    "NVIDIA_DRIVER_CAPABILITIES NVIDIA_VISIBLE_DEVICES PYTORCH_ALLOC_CONF PYTORCH_CUDA_ALLOC_CONF "
    "TORCHINDUCTOR_CACHE_DIR TORCH_CUDA_ARCH_LIST TORCH_EXTENSIONS_DIR TORCH_HOME TRITON_CACHE_DIR TRITON_HOME "
    "TRITON_LIBCUDA_PATH TRITON_PTXAS_PATH VLLM_ASSETS_CACHE VLLM_CACHE_ROOT VLLM_CONFIGURE_LOGGING "
    "VLLM_CONFIG_ROOT VLLM_CPU_KVCACHE_SPACE VLLM_CPU_NUM_OF_RESERVED_CPU VLLM_CPU_OMP_THREADS_BIND "
    "VLLM_CUDART_SO_PATH VLLM_CUDA_COMPATIBILITY_PATH VLLM_DISABLE_LOG_LOGO VLLM_DO_NOT_TRACK "
    "VLLM_ENABLE_CUDA_COMPATIBILITY VLLM_ENGINE_READY_TIMEOUT_S VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS "
    "VLLM_FLASHINFER_AUTOTUNE_CACHE_DIR VLLM_HOST_IP VLLM_LOGGING_COLOR VLLM_LOGGING_CONFIG_PATH "
    "VLLM_LOGGING_LEVEL VLLM_LOGGING_PREFIX VLLM_LOGGING_STREAM VLLM_LOG_STATS_INTERVAL VLLM_LOOPBACK_IP "
    "VLLM_NCCL_INCLUDE_PATH VLLM_NCCL_SO_PATH VLLM_NO_USAGE_STATS VLLM_PORT VLLM_RPC_BASE_PATH "
    "VLLM_SKIP_P2P_CHECK VLLM_USAGE_SOURCE VLLM_USAGE_STATS_SERVER VLLM_WORKER_MULTIPROC_METHOD"
)
# Keys of the stores that weights are read from. A config must not contain secrets, so this is the only way for them.
KEPT_OF_STORES = (
    "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_ID AZURE_CLIENT_SECRET "
    "AZURE_STORAGE_ACCOUNT_KEY AZURE_STORAGE_ACCOUNT_NAME AZURE_TENANT_ID GOOGLE_APPLICATION_CREDENTIALS"
)
KEPT_PREFIXES = ("GLOO_", "HF_", "HUGGING_FACE_", "LC_", "NCCL_", "TORCH_NCCL_", "XDG_")
# Not passed on, because Spark sets them for itself; in engine.env they only affect speed.
ONLY_SPEED = frozenset({"MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"})
# They decide which code runs. From the caller they belong to the installation of the host, as vLLM itself does, and
# some are passed on; those that a config names may bring other libraries.
OF_CODE = frozenset({"LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE"})
# Names that begin so are read by what computes: vLLM, torch, its compilers, and the libraries of CUDA, ROCm and CPUs.
OF_COMPUTING = (
    *(
        "AITER_",
        "CUBLAS",
        "CUDA_",
        "CUDNN_",
        "DG_",
        "DNNL_",
        "FLASHINFER_",
        "HIP",
        "HSA_",
        "INDUCTOR_",
        "KMP_",
        "LMCACHE_",
    ),
    *(
        "MIOPEN_",
        "MKL_",
        "NVIDIA_",
        "NVTE_",
        "ONEDNN_",
        "PYTORCH_",
        "ROCBLAS",
        "TORCH",
        "TRANSFORMERS_",
        "TRITON_",
        "VLLM_",
    ),
)

_KEPT = frozenset([*KEPT_NAMES.split(), *KEPT_OF_ENGINES.split(), *KEPT_OF_STORES.split()])


def is_kept(name: str) -> bool:
    """Whether a server gets this variable of the caller's environment."""
    return name in _KEPT or name.startswith(KEPT_PREFIXES)


def env_changing(env: Mapping[str, str]) -> dict[str, str]:
    """The entries of `engine.env` that may change an answer, sorted: all but those known to set only where and how."""
    return {name: env[name] for name in sorted(env) if not _sets_only_where(name)}


def may_change_an_answer(name: str) -> bool:
    """Whether a variable decides which code runs, or belongs to what computes and is not known to be harmless."""
    return (name.startswith(OF_COMPUTING) or name in OF_CODE) and not _sets_only_where(name)


def _sets_only_where(name: str) -> bool:
    """Whether a variable that a config names is known to say only where and how a server runs."""
    return (is_kept(name) or name in ONLY_SPEED) and name not in OF_CODE
