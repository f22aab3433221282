"""The Databricks bundle as its CLI reads it: includes merged, a target laid over it, references filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parents[2]
BUNDLE = REPO / "databricks.yml"
INCLUDED = sorted(REPO.glob("resources/*.yml"))
DASHBOARD = REPO / "resources" / "judging.lvdash.json"
REFERENCE = re.compile(r"\$\{([a-z_]+(?:\.\w+)+)\}")
GIVEN = {"catalog": "main", "warehouse_id": "1234", "service_principal": "0000-1111"}
"""What a user gives on the command line."""


def whole_bundle() -> dict[str, Any]:
    """`databricks.yml` with what it includes."""
    bundle = _read(BUNDLE)
    for pattern in bundle["include"]:
        for path in sorted(REPO.glob(pattern)):
            bundle = merged(bundle, _read(path))
    return bundle


def of_target(name: str) -> dict[str, Any]:
    """The bundle with a target laid over it, as it is deployed."""
    bundle = whole_bundle()
    target = {key: value for key, value in bundle.pop("targets")[name].items() if key not in ("mode", "default")}
    return merged(bundle, target)


def merged(below: Any, above: Any) -> Any:
    """Mappings are merged, anything else is replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    both = below.keys() & above.keys()
    return {**below, **above, **{key: merged(below[key], above[key]) for key in both}}


def filled(value: Any, bundle: dict[str, Any], target: str = "dev") -> Any:
    """The value with what its references stand for.

    Raises:
        KeyError: a variable, resource or field does not exist.
    """
    if isinstance(value, dict):
        return {key: filled(item, bundle, target) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, bundle, target) for item in value]
    if not isinstance(value, str):
        return value

    def of(match: re.Match[str]) -> str:
        kind, *path = match[1].split(".")
        if kind == "var":
            variable = bundle["variables"][path[0]]
            return str(GIVEN[path[0]] if path[0] in GIVEN else variable["default"])
        if kind == "bundle":
            return {"name": bundle["bundle"]["name"], "target": target}[path[0]]
        resource = bundle[kind][path[0]][path[1]]
        return str(filled(resource[path[2]], bundle, target)) if path[2] != "id" else "77"

    return REFERENCE.sub(of, value)


def tasks(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tasks of all jobs, as job/task."""
    jobs = bundle["resources"]["jobs"]
    return {f"{job}/{task['task_key']}": task for job in jobs for task in jobs[job]["tasks"]}


def datasets() -> dict[str, str]:
    """The queries of the dashboard."""
    content = json.loads(DASHBOARD.read_text("utf-8"))
    return {one["name"]: "".join(one["queryLines"]) for one in content["datasets"]}


def _read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content
