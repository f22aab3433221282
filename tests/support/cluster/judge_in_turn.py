"""A driver that judges several jobs one after the other in one application: spark-submit judge_in_turn.py YAML ...

Prints a line for each: "job 1 began at 1796027729.1", seconds since the epoch, and "job 1 ended"; and before them how
many tasks run at the same time: "18 tasks of any stage, 12 that ask 6 engines".
"""

import sys
import time

from judgelake.config import load_config
from judgelake.jobs.judge import JudgeJob, amounts_of, find_slots, judge, profile_of
from judgelake.runtime import get_spark, stop_spark

# Two cores start the Python workers of all tasks one after the other.
HOLD_S = 5.0

if __name__ == "__main__":
    jobs = [load_config(JudgeJob, path) for path in sys.argv[1:]]
    spark = get_spark(jobs[0].tables, "judges in turn", debug=True, one_command=True)
    try:
        engine = jobs[0].engine
        of_any, asking = (
            find_slots(spark, engine=engine, hold_s=HOLD_S, profile=profile)
            for profile in (None, profile_of(amounts_of(spark, engine)))
        )
        print(
            f"{of_any.at_once} tasks of any stage, {asking.at_once} that ask {len(asking.places)} engines", flush=True
        )
        for number, job in enumerate(jobs, 1):
            print(f"job {number} began at {time.time()}", flush=True)
            judge(spark, job)
            print(f"job {number} ended", flush=True)
    finally:
        stop_spark(spark)
