"""LLM-as-a-judge for whole tables: Spark, vLLM, Delta and MLflow as one system."""

__version__ = "0.1.0"
