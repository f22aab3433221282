"""Make the tables or keep them small: `python jobs/tables.py create|maintain --config conf/judge.yaml`."""

import sys

from judgelake.jobs.tables import main

if __name__ == "__main__":
    sys.exit(main())
