"""Every command names itself in its errors as it is called."""

import importlib
import tomllib


def test_an_error_names_the_help_of_its_own_command(root, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    said = {}
    for name, place in commands.items():
        module, function = place.split(":")
        assert getattr(importlib.import_module(module), function)(["--no-such-option"]) == 2
        said[name] = capsys.readouterr().err
    assert [name for name, error in said.items() if f" See: {name} --help" not in error] == []
