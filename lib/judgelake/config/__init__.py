"""A job's YAML file: how it is read, validated and rejected, and the keys that several jobs share."""

from judgelake.config.loading import Mlflow, Tables, fingerprint, load_config, load_groups, load_tables
from judgelake.config.reading import SECRET_IN_URL, Config, put_at, read_yaml, validated

__all__ = [
    "SECRET_IN_URL",
    "Config",
    "Mlflow",
    "Tables",
    "fingerprint",
    "load_config",
    "load_groups",
    "load_tables",
    "put_at",
    "read_yaml",
    "validated",
]
