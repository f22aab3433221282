"""What licences say of commercial use, also of those that are made of several."""

from __future__ import annotations

import pytest

from judgelake.training import terms_of_licence


@pytest.mark.parametrize(
    ("licence", "terms"),
    [
        ("Apache-2.0", "commercial"),
        ("llama3.1", "commercial"),
        ("CC-BY-SA-4.0", "commercial"),
        ("CC-BY-NC-4.0", "non_commercial"),
        ("cc-by-nc-sa-4.0", "non_commercial"),
        ("a non-commercial licence", "non_commercial"),
        ("Research-only", "non_commercial"),
        ("LLaMA licence", "non_commercial"),
        (None, "unknown"),
        (" ", "unknown"),
        ("unknown", "unknown"),
        ("other", "unknown"),
        ("LicenseRef-unknown AND MIT", "unknown"),
        ("CC-BY-NC-4.0 AND LicenseRef-unknown", "non_commercial"),
        ("CC-BY-NC-4.0 OR MIT", "commercial"),
        ("MIT OR CC-BY-NC-4.0 AND Apache-2.0", "commercial"),
        ("(MIT OR CC-BY-NC-4.0) AND Apache-2.0", "commercial"),
        ("(CC-BY-NC-4.0 OR CC-BY-NC-SA-4.0) AND (MIT OR Apache-2.0)", "non_commercial"),
        ("((CC-BY-NC-4.0))", "non_commercial"),
    ],
)
def test_a_licence_says_whether_commercial_use_is_forbidden(licence, terms):
    assert terms_of_licence(licence) == terms
