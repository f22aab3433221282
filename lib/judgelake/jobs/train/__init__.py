"""The training job: examples at one version, rows, processes that train without Spark, and the model in MLflow."""

from judgelake.jobs.train.command import main, show_plan
from judgelake.jobs.train.config import Reference, TrainJob
from judgelake.jobs.train.job import Trained, train, train_planned
from judgelake.jobs.train.plan import Planner, plan_of

__all__ = ["Planner", "Reference", "TrainJob", "Trained", "main", "plan_of", "show_plan", "train", "train_planned"]
