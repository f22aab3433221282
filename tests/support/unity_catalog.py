"""What Unity Catalog refuses in the tags of a model version, for stand-ins of its registry."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlflow.exceptions import MlflowException

MOST_CHARACTERS = 256
RESERVED = re.compile(r"[.,\-=/:]")


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise as Unity Catalog does for keys with reserved characters and for values that are too long."""
    for key, value in tags.items():
        if RESERVED.search(key):
            raise MlflowException(f"Tag name {key} contains one or more of the reserved characters . , - = / :")
        if len(value) > MOST_CHARACTERS:
            raise MlflowException(f"The value of tag {key} has more than {MOST_CHARACTERS} characters")
