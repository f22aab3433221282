"""What is wrong with this machine, and how to mend it: one check a thing the job needs. Nothing is changed."""

from judgelake.doctor.report import run_doctor

__all__ = ["run_doctor"]
