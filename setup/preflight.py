"""Checks of the machine before anything is downloaded: Python, Java, disk and memory, one sentence per problem.

Only the standard library, and only what Python 3.6 supports: this file must also run on an unsupported Python, to
report that it is unsupported. Exit code 2 if something must be fixed first.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

PYTHONS = ((3, 11), (3, 12))
JAVA_MINIMUM = 17
GIB = 1024**3
# Measured: 7.0 GiB of installed packages, about 4 GiB of downloads, the small model and a warehouse.
INSTALL_GIB = 12
# What a run writes once everything is installed.
RUN_GIB = 1


def main(arguments=None):
    """Print every problem found and return 2; without problems print nothing and return 0."""
    parser = argparse.ArgumentParser(description="Check this machine before judgelake is installed or run.")
    parser.add_argument("--venv", default=".venv", help="the virtual environment that will be used")
    parser.add_argument("--java", action="store_true", help="the next step starts Spark, which needs Java")
    parser.add_argument("--memory-gib", type=float, default=0, help="free memory that the next step needs")
    parser.add_argument("--installed", action="store_true", help="the packages are already there")
    options = parser.parse_args(arguments)
    checks = [
        platform_problem(sys.platform),
        python_problem(sys.version_info[:2], sys.executable),
        java_problem() if options.java else None,
        disk_problem(options.venv, RUN_GIB if options.installed else INSTALL_GIB),
        memory_problem(options.memory_gib, free_memory_gib()),
    ]
    problems = [problem for problem in checks if problem]
    for problem in problems:
        print("judgelake: " + problem, file=sys.stderr)
    return 2 if problems else 0


def platform_problem(platform):
    """A sentence if vLLM has no build for this operating system."""
    if platform.startswith("linux"):
        return None
    return "This is {}, but vLLM, which runs the judges, needs Linux: use Linux, WSL2 or a container.".format(platform)


def python_problem(version, executable):
    """A sentence if this Python is not one that every dependency supports."""
    if tuple(version) in PYTHONS:
        return None
    return (
        "Python {}.{} ({}) is not supported: install Python 3.11 or 3.12, "
        "and give its path if it is not found automatically: make PYTHON=/path/to/python3.12 ...".format(
            version[0], version[1], executable
        )
    )


def java_problem(environ=None):
    """A sentence if there is no Java that Spark 4 can run on."""
    command = java_command(os.environ if environ is None else environ)
    wanted = "install Java {} or newer (a package such as openjdk-17-jre-headless)".format(JAVA_MINIMUM)
    if command is None:
        return "Java was not found, but Spark needs it: {}, or set JAVA_HOME to one.".format(wanted)
    try:
        # `java -version` writes to stderr.
        answer = subprocess.run([command, "-version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        text = answer.stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError) as error:
        return "Java at {} cannot be started ({}): {}, or set JAVA_HOME to one.".format(command, error, wanted)
    version = java_version(text)
    if version is None:
        return "Java at {} does not report its version: {}, or set JAVA_HOME to one.".format(command, wanted)
    if version < JAVA_MINIMUM:
        return "Java {} at {} is too old for Spark 4: {}, and set JAVA_HOME to it.".format(version, command, wanted)
    return None


def java_command(environ):
    """The Java that Spark would start: JAVA_HOME's, else the one on the PATH; None if there is neither."""
    home = environ.get("JAVA_HOME")
    if home:
        return os.path.join(home, "bin", "java")
    return shutil.which("java", path=environ.get("PATH"))


def java_version(text):
    """The major version in what `java -version` prints; None if there is none. "1.8.0_392" is Java 8."""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', text)
    if match is None:
        return None
    major = int(match.group(1))
    return int(match.group(2)) if major == 1 and match.group(2) else major


def disk_problem(folder, needed_gib):
    """A sentence if the disk of `folder` has too little free space."""
    place = os.path.abspath(folder)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    free_gib = shutil.disk_usage(place).free / GIB
    if free_gib >= needed_gib:
        return None
    return "The disk of {} has {:.1f} GiB free, but {} GiB are needed: free disk space, or use another disk.".format(
        place, free_gib, needed_gib
    )


def memory_problem(needed_gib, free_gib):
    """A sentence if less memory is free than needed; None also if the amount is unknown."""
    if free_gib is None or free_gib >= needed_gib:
        return None
    return (
        "{:.1f} GiB of memory are free, but {:g} GiB are needed for Spark and vLLM together: "
        "close other programs or use a larger machine.".format(free_gib, needed_gib)
    )


def free_memory_gib(meminfo="/proc/meminfo", cgroup="/sys/fs/cgroup"):
    """Memory a new program can get, also inside a container with a limit; None if it is not known."""
    match = re.search(r"MemAvailable:\s+(\d+) kB", read(meminfo) or "")
    if match is None:
        return None
    free = int(match.group(1)) * 1024
    limit, used = read(os.path.join(cgroup, "memory.max")), read(os.path.join(cgroup, "memory.current"))
    if limit and used and limit.strip().isdigit():
        # The page cache counts as used, but is freed as soon as memory is needed.
        cached = re.search(r"^inactive_file (\d+)$", read(os.path.join(cgroup, "memory.stat")) or "", re.MULTILINE)
        free = min(free, int(limit) - int(used) + (int(cached.group(1)) if cached else 0))
    return free / GIB


def read(path):
    """The text of a file; None if it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main())
