"""Check the cluster of this session: `spark-submit ... jobs/doctor.py --cluster --config conf/judge.yaml`."""

import sys

from judgelake.cli import main

if __name__ == "__main__":
    sys.exit(main(["doctor", *sys.argv[1:]]))
