"""Memory that is freed between two steps is not kept by the process."""

import platform
import subprocess
import sys

import pytest

MB = 2**20
BLOCKS = """
import sys
import psutil
from judgelake.trainer.freed_memory import return_freed_memory

# The first one that is freed raises glibc's own threshold above the size of the others.
first = bytearray(b"x") * 30_000_000
del first
blocks, small = [], []
for _ in range(40):
    blocks.append(bytearray(b"x") * 5_000_000)
    small.append(bytearray(b"x") * 100_000)
del blocks
print(psutil.Process().memory_info().rss)
return_freed_memory()
print(psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc, whose habit it is")
def test_freed_memory_goes_back_to_the_system_after_a_step():
    done = subprocess.run([sys.executable, "-c", BLOCKS], capture_output=True, text=True, check=True)
    before, after = (int(line) / MB for line in done.stdout.split())
    assert before - after > 150
