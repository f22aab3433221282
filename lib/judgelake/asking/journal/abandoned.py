"""Answers that no run takes any more: their model is not asked again, or what it was asked is gone."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress

from judgelake.asking.journal.files import NAME, files_in, written_at
from judgelake.stores import filesystem


def drop_abandoned(address: str, table_id: str, older_than_s: float) -> int:
    """Delete the answers of chunks in whose folders nothing was written for a time; returns of how many chunks.

    A run that works writes every 20 seconds, and the next run of the same model appends what it finds.

    Args:
        address: of the journal.
        table_id: of the output table.
        older_than_s: how long ago the last file of a chunk must have been written.

    Raises:
        OSError: the place cannot be read, or not be deleted from; also the other `store_errors`.
    """
    system, root = filesystem(address)
    folder = f"{root.rstrip('/')}/{table_id}"
    newest: defaultdict[str, float] = defaultdict(float)
    for info in files_in(system, folder, recursive=True):
        place, _, name = info.path.removeprefix(f"{folder}/").rpartition("/")
        # FINGERPRINT/CHUNK/FILE and nothing else: beside the folders of chunks a store or a person may have put a file.
        if place.count("/") == 1 and NAME.fullmatch(name):
            newest[place] = max(newest[place], written_at(info))
    # A store that does not tell when a file was written gives 0, which must not look old.
    stale = [place for place, at in newest.items() if at and time.time() - at >= older_than_s]
    for place in stale:
        # Another driver may have taken them meanwhile.
        with suppress(FileNotFoundError):
            system.delete_dir(f"{folder}/{place}")
    return len(stale)
