"""Creates the virtual environment: gets uv if it is missing, installs the pinned packages and judgelake itself.

Only the standard library: it runs before anything is installed. No package index is named here or anywhere in the
project; pip and uv use the one configured on this machine.
"""

import argparse
import filecmp
import glob
import os
import shutil
import subprocess
import sys

UV_FOLDER = ".uv"


def main(arguments=None):
    """Install, write the stamp file for make, and return the exit code."""
    parser = argparse.ArgumentParser(description="Install judgelake and its pinned packages.")
    parser.add_argument("--venv", default=".venv")
    parser.add_argument("--requirements", required=True, help="the pinned packages")
    parser.add_argument("--stamp", required=True, help="file in the virtual environment written when all is done")
    options = parser.parse_args(arguments)
    # Without byte code vLLM takes twice as long to start, and with this variable set none would be written.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        install_packages(options, environ)
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd)
        print("judgelake: the installation stopped at: {} (see its message above).".format(command), file=sys.stderr)
        return 2
    except NoUvError as error:
        print("judgelake: {}".format(error), file=sys.stderr)
        return 2
    return 0


class NoUvError(Exception):
    """There is no uv, and no pip to install it with."""


def install_packages(options, environ):
    """Install exactly the pinned packages; raises CalledProcessError if a step fails."""
    uv = find_uv(environ)
    python = os.path.join(options.venv, "bin", "python")
    if not runs_this_python(python):
        say("Creating {} with Python {}.{}".format(options.venv, *sys.version_info[:2]))
        run(
            [uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", sys.executable, options.venv],
            environ,
        )
    for stamp in glob.glob(os.path.join(options.venv, "ready-*")):
        os.remove(stamp)
    # Only if the pinned set changed: a sync of an unchanged set still takes a minute for the byte code.
    installed = os.path.join(options.venv, "installed-requirements.txt")
    if not (os.path.exists(installed) and filecmp.cmp(options.requirements, installed, shallow=False)):
        say("Installing {} (some GB the first time; minutes)".format(options.requirements))
        # The list of packages is of no use in a log; on a terminal it comes with the progress of the downloads.
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        run([uv, "pip", "sync", *quiet, "--compile-bytecode", "--python", python, options.requirements], environ)
        shutil.copyfile(options.requirements, installed)
    run([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, "--editable", "."], environ)
    with open(options.stamp, "w", encoding="utf-8") as file:
        file.write("Everything in {} is installed.\n".format(options.requirements))


def find_uv(environ):
    """The uv on the PATH, else one in .uv, installed with pip."""
    on_path = shutil.which("uv")
    if on_path and works(on_path):
        return on_path
    if works(os.path.join(UV_FOLDER, "bin", "uv")):
        return os.path.join(UV_FOLDER, "bin", "uv")
    say("Installing uv into {}".format(UV_FOLDER))
    if has_module("ensurepip"):
        run([sys.executable, "-m", "venv", "--clear", UV_FOLDER], environ)
        run([os.path.join(UV_FOLDER, "bin", "python"), "-m", "pip", "install", "--quiet", "uv"], environ)
    elif has_module("pip"):
        run([sys.executable, "-m", "pip", "install", "--quiet", "--target", UV_FOLDER, "uv"], environ)
    else:
        raise NoUvError(
            "{} has neither pip nor ensurepip to install uv with: install them (on Debian and Ubuntu: "
            "apt install python3-pip python3-venv), or install uv yourself.".format(sys.executable)
        )
    return os.path.join(UV_FOLDER, "bin", "uv")


def works(uv):
    """True if this uv starts; the PATH may contain a version manager's shim without a uv behind it."""
    try:
        return subprocess.run([uv, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def has_module(name):
    """True if this Python can run `python -m name`."""
    command = [sys.executable, "-c", "import " + name]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def runs_this_python(python):
    """True if the environment exists and has the same Python version as this one."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return answer.stdout.decode().split() == [str(part) for part in sys.version_info[:2]]


def run(command, environ):
    """Run a step and show its output."""
    subprocess.run(command, check=True, env=environ)


def say(line):
    """Print what happens next."""
    print("judgelake: " + line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
