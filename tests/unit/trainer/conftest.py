"""What the tests of real trainings share: a tiny model, and one thread to train it with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_model import save_tiny_model


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Threads cost such small models more than they save."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of the module's own."""
    return save_tiny_model(tmp_path_factory.mktemp("base"))
