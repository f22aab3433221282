"""Makes the virtual environment: gets uv where it is absent, installs the pinned packages and judgelake itself.

Only the standard library: it runs before anything is installed. No package index is named here or anywhere in the
project; pip and uv use the one this machine is set up for.
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
    """Install, leave the stamp file that tells make so, and return the exit code."""
    parser = argparse.ArgumentParser(description="Install judgelake and its pinned packages.")
    parser.add_argument("--venv", default=".venv")
    parser.add_argument("--requirements", required=True, help="the pinned packages")
    parser.add_argument("--stamp", required=True, help="file in the virtual environment written when all is done")
    options = parser.parse_args(arguments)
    # Without byte code vLLM takes twice as long to start; a shell with this variable set would never get any.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        install(options, environ)
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd)
        print("judgelake: the installation stopped at: {} (its message stands above).".format(command), file=sys.stderr)
        return 2
    except NoUvError as error:
        print("judgelake: {}".format(error), file=sys.stderr)
        return 2
    return 0


class NoUvError(Exception):
    """There is no uv, and no pip to get it with."""


def install(options, environ):
    """Bring the environment to exactly the pinned packages; raises CalledProcessError where a step fails."""
    uv = find_uv(environ)
    python = os.path.join(options.venv, "bin", "python")
    if not runs_this_python(python):
        say("Making {} with Python {}.{}".format(options.venv, *sys.version_info[:2]))
        run(
            [uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", sys.executable, options.venv],
            environ,
        )
    for stamp in glob.glob(os.path.join(options.venv, "ready-*")):
        os.remove(stamp)
    # Asked only when the pinned set changed: a sync over an unchanged one still takes a minute for the byte code.
    installed = os.path.join(options.venv, "installed-requirements.txt")
    if not (os.path.exists(installed) and filecmp.cmp(options.requirements, installed, shallow=False)):
        say("Installing {} (some GB the first time; minutes)".format(options.requirements))
        # The list of packages helps nobody in a log; on a terminal it comes with the progress of the downloads.
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        run([uv, "pip", "sync", *quiet, "--compile-bytecode", "--python", python, options.requirements], environ)
        shutil.copyfile(options.requirements, installed)
    run([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, "--editable", "."], environ)
    with open(options.stamp, "w", encoding="utf-8") as file:
        file.write("Everything in {} is installed.\n".format(options.requirements))


def find_uv(environ):
    """The uv on the PATH, else one of our own in .uv, got through pip."""
    on_path = shutil.which("uv")
    if on_path and works(on_path):
        return on_path
    if works(os.path.join(UV_FOLDER, "bin", "uv")):
        return os.path.join(UV_FOLDER, "bin", "uv")
    say("Getting uv into {}".format(UV_FOLDER))
    if has_module("ensurepip"):
        run([sys.executable, "-m", "venv", "--clear", UV_FOLDER], environ)
        run([os.path.join(UV_FOLDER, "bin", "python"), "-m", "pip", "install", "--quiet", "uv"], environ)
    elif has_module("pip"):
        run([sys.executable, "-m", "pip", "install", "--quiet", "--target", UV_FOLDER, "uv"], environ)
    else:
        raise NoUvError(
            "{} has neither pip nor ensurepip to get uv with: install them (on Debian and Ubuntu: "
            "apt install python3-pip python3-venv), or install uv yourself.".format(sys.executable)
        )
    return os.path.join(UV_FOLDER, "bin", "uv")


def works(uv):
    """True when this uv starts; a version manager's shim may stand on the PATH with nothing behind it."""
    try:
        return subprocess.run([uv, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def has_module(name):
    """True when this Python can run `python -m name`."""
    command = [sys.executable, "-c", "import " + name]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def runs_this_python(python):
    """True when the environment is there and of the same Python version as this one."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return answer.stdout.decode().split() == [str(part) for part in sys.version_info[:2]]


def run(command, environ):
    """Run a step and let its output through."""
    subprocess.run(command, check=True, env=environ)


def say(line):
    """Tell what happens next."""
    print("judgelake: " + line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
