"""The orders a supervisor gets, and the files of an engine: lock, socket, log and a note, in a private folder."""

from __future__ import annotations

import getpass
import json
import os
import stat
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from judgelake.engine.server.processes import ProcessId, kill_all, members_of_group, pid_space, with_descendants
from judgelake.errors import UserError
from judgelake.whole_files import written_whole
from judgelake.writability import is_writable

# The kernel's limit is 108 bytes with the final zero.
LONGEST_SOCKET_PATH = 107
FOR_OTHERS = 0o077

Phase = Literal["starting", "ready", "ended"]


@dataclass(frozen=True, slots=True)
class Orders:
    """A supervisor's orders: what to run, for whom, and when to end it.

    Sent through a pipe: the environment may contain a Hugging Face token. `settings` are what is recorded of it.
    `question` is asked beside the start, see `sequences`.
    """

    command: list[str]
    environment: dict[str, str]
    socket: str
    note: str
    log: str
    use: str
    owner_pid: int
    owner_started: float
    start_timeout_s: float
    idle_stop_s: float
    stall_stop_s: float
    model: str
    gpus: list[str]
    settings: dict[str, Any]
    question: list[str] | None = None

    def to_json(self) -> str:
        """The JSON for the supervisor's stdin."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Orders:
        """The orders in what `to_json` returned."""
        data: dict[str, Any] = json.loads(text)
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Note:
    """The state of an engine. `group` is the process group of vLLM, once it was started.

    `settings` are those it was started with, see `settings_of`. `gpus` is empty on a CPU. The pids mean nothing
    outside `pid_space`.
    """

    phase: Phase
    owner: ProcessId
    supervisor: ProcessId
    group: int | None = None
    exit_code: int | None = None
    reason: str = ""
    version: str = ""
    start_s: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    gpus: list[str] = field(default_factory=list)
    pid_space: str = field(default_factory=pid_space)

    def write(self, path: Path) -> None:
        """Replace the note on disk in one step."""
        with written_whole(path) as draft:
            draft.write_text(json.dumps(asdict(self)), "utf-8")

    def with_changes(self, **changes: object) -> Note:
        """The note with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


def read_note(path: Path) -> Note | None:
    """The note at `path`; None where there is none, or it cannot be read."""
    try:
        data = json.loads(path.read_text("utf-8"))
        owner, supervisor = ProcessId(**data.pop("owner")), ProcessId(**data.pop("supervisor"))
        return Note(owner=owner, supervisor=supervisor, **data)
    except (OSError, ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """The files of one engine."""

    folder: Path
    key: str

    @property
    def note(self) -> Path:
        """The state of the engine; see `Note`."""
        return self.folder / f"{self.key}.json"

    @property
    def log(self) -> Path:
        """The output of vLLM and its supervisor."""
        return self.folder / f"{self.key}.log"

    @property
    def use(self) -> Path:
        """Touched by every process that connects: an engine that was just requested is not idle."""
        return self.folder / f"{self.key}.use"

    @property
    def users(self) -> Path:
        """Locked by every task that uses the engine; see `Lease`."""
        return self.folder / f"{self.key}.users"

    @property
    def socket(self) -> Path:
        """Where vLLM listens; in the temporary folder if the path in the engine's own folder is too long.

        Raises:
            UserError: even there the path is too long for a socket.
        """
        own = self.folder / f"{self.key}.sock"
        if len(os.fsencode(own)) <= LONGEST_SOCKET_PATH:
            return own
        short = private_folder(None) / own.name
        if len(os.fsencode(short)) > LONGEST_SOCKET_PATH:
            raise UserError(f"The path {str(own)!r} is too long for a socket. Set engine.folder to a shorter one.")
        return short


def private_folder(folder: str | None) -> Path:
    """The folder of sockets, locks and logs, accessible by this user only.

    The default folder is closed to others if it was left open; one that the config names is not changed.

    Raises:
        UserError: it cannot be created, is a link, or is open to another user, who could answer in the engine's place.
    """
    path = Path(folder).expanduser() if folder else Path(tempfile.gettempdir()) / f"judgelake-{_user()}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise UserError(f"The engine's folder {str(path)!r} is a link. Set engine.folder to the folder itself.")
        is_own = found.st_uid == os.getuid()
        if is_own and found.st_mode & FOR_OTHERS and folder is None and _holds_only_ours(path):
            path.chmod(0o700)
            found = path.lstat()
    except OSError as error:
        raise UserError(f"Cannot create the engine's folder {str(path)!r}: {error}. Set engine.folder.") from error
    if not is_own or not is_writable(path):
        raise UserError(
            f"The engine's folder {str(path)!r} is not writable by this user, or belongs to another user. "
            "Set engine.folder to a folder of this user."
        )
    if found.st_mode & FOR_OTHERS:
        raise UserError(
            f"The engine's folder {str(path)!r} is open to other users (mode {stat.S_IMODE(found.st_mode):o}). "
            "Run chmod 700 on it, or set engine.folder to a folder of its own."
        )
    return path.resolve()


def _holds_only_ours(folder: Path) -> bool:
    """Whether nobody else has put a file into the folder while it was open."""
    return all(path.lstat().st_uid == os.getuid() for path in folder.iterdir())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def end_engine(files: EngineFiles, note: Note, grace_s: float = 10.0) -> None:
    """End an engine with everything it started, and remove its socket and note."""
    supervisor = note.supervisor.process()
    if supervisor is not None:
        _end_supervisor(supervisor, grace_s)
    # If the supervisor is dead (killed with -9), what it started may still run.
    if note.group is not None and _group_is_of(note):
        kill_all(members_of_group(note.group), 0.5)
    for path in (files.note, files.use, files.socket):
        path.unlink(missing_ok=True)


def _end_supervisor(supervisor: psutil.Process, grace_s: float) -> None:
    """Let the supervisor end its engine; end it here if the supervisor does not in time."""
    family = with_descendants([supervisor])
    try:
        supervisor.terminate()
        supervisor.wait(timeout=grace_s + 15)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        pass
    kill_all([process for process in family if process.is_running()], 0.5)


def _group_is_of(note: Note) -> bool:
    """Whether the group is still vLLM's: its processes began after the supervisor, so its id was not reused."""
    members = members_of_group(note.group or 0)
    now = time.time()
    try:
        return all(note.supervisor.started <= member.create_time() <= now for member in members) and any(
            "vllm" in " ".join(member.cmdline()).lower() or "multiprocessing" in " ".join(member.cmdline())
            for member in members
        )
    except psutil.NoSuchProcess:
        return False
