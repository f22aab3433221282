"""A tokenizer that travels as bytes: the same ids wherever it is unpacked, and none of the model's weights."""

import pickle
import shutil
import sys
from types import SimpleNamespace

import pytest
from word_tokenizer import save_word_tokenizer

from judgelake.engine import downloaded_tokenizer_folder, ship_tokenizer

TEXT = "which answer is better"


@pytest.fixture
def folder(tmp_path):
    """A model's folder with a tokenizer of words."""
    place = save_word_tokenizer(tmp_path / "model", TEXT)
    (place / "model.safetensors").write_bytes(b"weights" * 100_000)
    (place / "model.safetensors.index.json").write_text("{}")
    return place


def test_it_counts_the_same_where_nothing_of_the_model_is(folder):
    sent = pickle.dumps(ship_tokenizer(folder))
    assert len(sent) < 100_000
    shutil.rmtree(folder)
    tokenizer = pickle.loads(sent).load()
    assert len(tokenizer(TEXT)["input_ids"]) == 4
    # Once per process, though every task brings its own copy.
    assert pickle.loads(sent).load() is tokenizer


def test_its_name_comes_from_the_tokenizers_files_alone(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "elsewhere")
    for name in ("model.safetensors", "model.safetensors.index.json"):
        (other / name).unlink()
    assert ship_tokenizer(folder) == ship_tokenizer(other)
    (other / "chat_template.jinja").write_text("{{ messages }}")
    assert ship_tokenizer(folder).sha256 != ship_tokenizer(other).sha256


def test_nothing_stays_on_the_machine_that_unpacked_it(folder, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (folder / "another.txt").write_text("so that no test has loaded it")
    assert ship_tokenizer(folder).load() is not None
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_download_asks_for_one_revision_and_leaves_the_weights_out(tmp_path, monkeypatch):
    asked = []

    def download(name, **options):
        asked.append((name, options))
        return str(tmp_path)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(snapshot_download=download))
    assert downloaded_tokenizer_folder("org/m", "v1") == tmp_path
    ((name, options),) = asked
    assert (name, options["revision"]) == ("org/m", "v1")
    wanted = options["allow_patterns"]
    assert {"*.json", "*.model"} <= set(wanted)
    assert not {"*", "*.safetensors", "*.bin"} & set(wanted)
    assert "*.index.json" in options["ignore_patterns"]
