"""A driver that judges several jobs one after the other in one application: spark-submit judge_in_turn.py YAML ...

Before them it runs as many tasks as there are cores in a stage that takes no GPUs, and in one like those that ask, and
prints "6 engines would start"; for each job "job 1 began at 1796027729.1", seconds since the epoch, and "job 1 ended".
"""

import sys
import time

from judgelake.asking import amounts_of, find_slots, profile_of
from judgelake.config import load_config
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.runtime import get_spark, stop_spark

if __name__ == "__main__":
    jobs = [load_config(JudgeJob, path) for path in sys.argv[1:]]
    spark = get_spark(jobs[0].tables, "judges in turn", debug=True, one_command=True)
    try:
        engine = jobs[0].engine
        find_slots(spark)
        asking = find_slots(spark, engine=engine, profile=profile_of(amounts_of(spark, engine)))
        print(f"{len(asking.places)} engines would start", flush=True)
        for number, job in enumerate(jobs, 1):
            print(f"job {number} began at {time.time()}", flush=True)
            judge(spark, job)
            print(f"job {number} ended", flush=True)
    finally:
        stop_spark(spark)
