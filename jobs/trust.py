"""Say how far each verdict can be relied on: `python jobs/trust.py --config conf/trust.yaml`."""

import sys

from judgelake.jobs.trust import main

if __name__ == "__main__":
    sys.exit(main())
