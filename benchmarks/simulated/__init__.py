"""A judge run on a cluster of GPUs, simulated: engines, questions, the planner's real cuts, and what each costs.

No Spark cluster and no GPU is used; `benchmarks/simulate.py` is the command.
"""
