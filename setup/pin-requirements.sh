#!/bin/sh
# Pins what pyproject.toml allows, one file per device, for every platform and Python it names and without an index
# address. A uv lock file would contain the index of the machine it was created on.
set -eu
PATH="$PATH:$PWD/.uv/bin"
for device in cpu gpu; do
    uv pip compile --quiet --upgrade --universal --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
        --extra spark --extra train --extra "$device" --group dev --group quickstart pyproject.toml -o "requirements/$device.txt"
    echo "requirements/$device.txt: $(wc -l < "requirements/$device.txt") packages"
done
