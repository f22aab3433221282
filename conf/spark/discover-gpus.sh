#!/bin/sh
# Prints for Spark which GPUs this executor or worker may use: {"name": "gpu", "addresses": ["0", "1"]}.
# The addresses are nvidia-smi's indexes, in the order of the PCI bus. In a container these are the GPUs that it was
# given; on a host without isolation they are all GPUs of it. Parts of a GPU (MIG) are not supported.
set -eu

fail() {
    echo "discover-gpus.sh: $1" >&2
    exit 1
}

command -v nvidia-smi >/dev/null || fail "nvidia-smi is not on the PATH: install NVIDIA's driver, or ask for no GPU"
indexes=$(nvidia-smi --query-gpu=index --format=csv,noheader) || fail "nvidia-smi failed: $indexes"

addresses=
for index in $indexes; do
    case $index in
        *[!0-9]*) fail "nvidia-smi named a GPU that is not a number: $indexes" ;;
    esac
    addresses="$addresses${addresses:+, }\"$index\""
done
[ -n "$addresses" ] || fail "nvidia-smi sees no GPU"
echo "{\"name\": \"gpu\", \"addresses\": [$addresses]}"
