"""The ablation job: one training in many variants and with several seeds, compared on the same held-out questions."""

from judgelake.jobs.ablate.command import main
from judgelake.jobs.ablate.config import AblateJob
from judgelake.jobs.ablate.job import Ablation, ablate

__all__ = ["AblateJob", "Ablation", "ablate", "main"]
