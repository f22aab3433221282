"""What is wrong with this machine, and how to fix it: one check for each thing a job needs. Nothing is changed."""

from judgelake.doctor.cluster import run_cluster_doctor
from judgelake.doctor.report import run_doctor

__all__ = ["run_cluster_doctor", "run_doctor"]
