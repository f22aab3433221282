"""One copy a host of a model that is read from elsewhere, in a folder named by its content."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.identity import LOCAL, folder_identity
from judgelake.engine.model.layout import Kind
from judgelake.engine.model.place import Place
from judgelake.engine.model.reading import read_files, stamp_of
from judgelake.errors import UserError
from judgelake.writability import is_writable

SAY_EVERY_S = 5.0
OTHERS_WRITE = 0o022
Say = Callable[[str], None]
"""Takes a line on the way."""


def say_on_stderr(line: str) -> None:
    """For a task of Spark: what it writes there is in the log of its executor."""
    print(f"judgelake: {line}", file=sys.stderr, flush=True)


def cache_folder(given: str | None, keys: Keys = JUDGE) -> Path:
    """The folder of the copies on this host: `engine.model_cache`, or judgelake/models in the user's cache folder.

    Raises:
        UserError: it cannot be made, or another user could change the models in it.
    """
    try:
        own = Path(given).expanduser() if given else _users_cache() / "judgelake" / "models"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = own.stat()
        is_ours = status.st_uid == os.getuid() and not status.st_mode & OTHERS_WRITE and is_writable(own)
    except (OSError, RuntimeError) as error:  # a user without a home folder is a RuntimeError
        raise UserError(
            f"Cannot make a folder for models on host {socket.gethostname()}: {error}. Set {keys.model_cache}."
        ) from error
    if not is_ours:
        raise UserError(
            f"The folder for models {str(own)!r} on host {socket.gethostname()} is not writable by this user, or is "
            f"by others, who could change the models. Set {keys.model_cache} to a folder of this user alone."
        )
    return own.resolve()


def _users_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of models on this host.

    A copy has its final name only once it is whole: what a killed process left is a draft, removed by the next one.
    """

    folder: Path
    say: Say
    keys: Keys = JUDGE

    def of_identity(self, place: Place, kind: Kind, identity: str) -> Path:
        """The copy of a known model, read now if this host has none.

        Raises:
            UserError: the place cannot be read, or its files are others than those of this identity.
        """
        content = identity.removeprefix(LOCAL)
        target = self.folder / content
        if _is_whole(target, kind, identity):
            return target
        with self._locked(content, place):
            if _is_whole(target, kind, identity):
                return target
            shutil.rmtree(target, ignore_errors=True)
            draft = self._draft(content, place, kind)
            found = folder_identity(draft, kind, self.keys)
            if found != identity:
                shutil.rmtree(draft)
                raise UserError(
                    f"The {kind.name} {place.uri!r} is {found} as host {socket.gethostname()} reads it, and {identity} "
                    "as the driver did: its files have changed. Keep them under a new version, and start the run again."
                )
            os.replace(draft, target)
        return target

    def of_place(self, place: Place, kind: Kind) -> tuple[Path, str]:
        """The copy of what a place holds now, and its identity; read only if it may have changed since the last time.

        Raises:
            UserError: the place cannot be read, or holds no such thing.
        """
        stamp = stamp_of(place)
        key = hashlib.sha256(f"{kind.name} {place.source} {stamp}".encode()).hexdigest()
        receipt = self.folder / f"{key}.json"
        with self._locked(key, place):
            if stamp and (known := _read_receipt(receipt)) is not None:
                target = self.folder / known.removeprefix(LOCAL)
                if _is_whole(target, kind, known):
                    return target, known
            draft = self._draft(key, place, kind)
            identity = folder_identity(draft, kind, self.keys)
            target = self.folder / identity.removeprefix(LOCAL)
            with self._locked(target.name, place):
                if _is_whole(target, kind, identity):
                    shutil.rmtree(draft)
                else:
                    shutil.rmtree(target, ignore_errors=True)
                    os.replace(draft, target)
            if stamp:
                receipt.write_text(json.dumps({"identity": identity, "place": place.uri}), "utf-8")
        return target, identity

    def _draft(self, name: str, place: Place, kind: Kind) -> Path:
        """The files of a place in a folder that nobody takes for a whole copy."""
        draft = self.folder / f"{name}.draft"
        for left in (draft, draft.with_name(f"{draft.name}.all")):
            shutil.rmtree(left, ignore_errors=True)
        try:
            with self._reported(f"reading the {kind.name} {place.uri} on {socket.gethostname()}", draft):
                read_files(place, kind, draft, self.keys)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return draft

    @contextlib.contextmanager
    def _locked(self, name: str, place: Place) -> Iterator[None]:
        """Protects one copy; the lock ends with the process that holds it, so it is waited for without a limit."""
        lock = filelock.FileLock(self.folder / f"{name}.lock")
        while not lock.is_locked:
            try:
                lock.acquire(timeout=SAY_EVERY_S)
            except filelock.Timeout:
                self.say(f"waiting for another process of {socket.gethostname()} that reads {place.uri}")
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _reported(self, what: str, draft: Path) -> Iterator[None]:
        """Say every few seconds how much there is; nothing of what is quick."""
        ended = threading.Event()
        started = time.monotonic()

        def report() -> None:
            while not ended.wait(SAY_EVERY_S):
                read = sum(map(_bytes_in, self.folder.glob(f"{draft.name}*/**/*")))
                self.say(f"{what}: {read / 1e9:,.2f} GB in {time.monotonic() - started:,.0f} s")

        reporter = threading.Thread(target=report, daemon=True, name="judgelake-model-report")
        reporter.start()
        try:
            yield
        finally:
            ended.set()
            reporter.join()


def _bytes_in(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # just moved
        return 0


def _is_whole(folder: Path, kind: Kind, identity: str) -> bool:
    """Whether a copy is there and has all of its content: a machine that lost power may have lost some of it."""
    try:
        return folder.is_dir() and folder_identity(folder, kind) == identity
    except (OSError, UserError):
        return False


def _read_receipt(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text("utf-8"))["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
