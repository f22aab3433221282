"""Say how good judges are and how sure that is: `python jobs/evaluate.py --config conf/evaluate.yaml`."""

import sys

from judgelake.jobs.evaluate import main

if __name__ == "__main__":
    sys.exit(main())
