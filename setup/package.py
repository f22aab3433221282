"""Builds what a cluster needs: a wheel to install, and the same as a zip for spark-submit --py-files.

`make package` writes both into dist/. The zip is the wheel under a name that Spark puts on the Python path.
"""

import argparse
import importlib.util
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments=None):
    """Build both and print their paths; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build judgelake as a wheel and as a zip for --py-files.")
    parser.add_argument("--out", default="dist", help="folder of the wheel and the zip (default: dist)")
    options = parser.parse_args(arguments)
    wheel = built(os.path.abspath(options.out))
    zipped = wheel.with_name("-".join(wheel.name.split("-")[:2]) + ".zip")
    shutil.copyfile(str(wheel), str(zipped))
    print("{}\n{}".format(wheel, zipped))
    return 0


def built(folder):
    """The wheel of this checkout, built into the folder with uv."""
    install = neighbour("install")
    # uv keeps its lock and caches elsewhere; an older wheel of another version stays where it is.
    os.chdir(str(ROOT))
    install.run(
        [install.find_uv(os.environ), "build", "--quiet", "--wheel", "--out-dir", folder, "."], dict(os.environ)
    )
    return max(Path(folder).glob("judgelake-*.whl"), key=os.path.getmtime)


def neighbour(name):
    """Another script of this folder, as a module: the folder is on the path only of a script that is run."""
    spec = importlib.util.spec_from_file_location(name, str(ROOT / "setup" / (name + ".py")))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
