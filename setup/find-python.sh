#!/bin/sh
# Prints the Python that judgelake is installed with: the first of these that is 3.11 or 3.12. If none is, python3,
# so that setup/preflight.py can report the problem.
for candidate in python3 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done
if ! python3 -c '' >/dev/null 2>&1; then
    echo "No Python was found: install Python 3.11 or 3.12, or give one with: make PYTHON=/path/to/python3.12 ..." >&2
fi
echo python3
