"""What licences say of commercial use, also of those that are made of several."""

from __future__ import annotations

import pytest

from judgelake.training import terms_of_licence
from judgelake.training.licences import ALLOW_COMMERCIAL_USE


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
        # As hubs, SPDX and people write what allows commercial use.
        ("MIT License", "commercial"),
        ("Apache License, Version 2.0", "commercial"),
        ("apache_2.0", "commercial"),
        ("Apache-2.0 WITH LLVM-exception", "commercial"),
        ("GPL-2.0-or-later", "commercial"),
        ("GPL-3.0+", "commercial"),
        ("CC BY 4.0", "commercial"),
        ("cc0-1.0", "commercial"),
        ("ODC-By-1.0", "commercial"),
        ("openrail++", "commercial"),
        ("bigcode-openrail-m", "commercial"),
        ("Llama 3.3 Community License Agreement", "commercial"),
        ("llama4", "commercial"),
        ("gemma", "commercial"),
        # What forbids it, by name and in words.
        ("CC_BY_NC_4.0", "non_commercial"),
        ("cc-by-nc4", "non_commercial"),
        ("CC BY NC 4.0", "non_commercial"),
        ("qwen-research", "non_commercial"),
        ("intel-research", "non_commercial"),
        ("research purposes only", "non_commercial"),
        ("not for commercial use", "non_commercial"),
        ("no commercial use", "non_commercial"),
        ("MIT, but commercial use is prohibited", "non_commercial"),
        ("mpl-2.0", "commercial"),
        ("mrl", "non_commercial"),
        ("exaone", "non_commercial"),
        ("apple-amlr", "non_commercial"),
        ("LLaMA 1", "non_commercial"),
        ("non-commercial: see the card", "non_commercial"),
        # Nobody has read these: they are not said to allow anything.
        ("proprietary", "unknown"),
        ("Apache-2.0 WITH a commercial-use exception", "unknown"),
        ("Apache-2.0 with Commons Clause", "unknown"),
        ("all rights reserved", "unknown"),
        ("n/a", "unknown"),
        ("no license", "unknown"),
        ("OpenAI terms of use", "unknown"),
        ("BUSL-1.1", "unknown"),
        ("cc-by-nd-4.0", "unknown"),
        ("free for research & commercial use", "unknown"),
        ("terms not known: see the card", "unknown"),
        ("(MIT", "unknown"),
        ("Apache-2.0 OR", "unknown"),
        # Operators in any case.
        ("mit and unknown", "unknown"),
        ("mit and cc-by-nc-4.0", "non_commercial"),
        ("cc-by-nc-4.0 or mit", "commercial"),
        ("not for commercial use or sale", "non_commercial"),
    ],
)
def test_a_licence_says_whether_commercial_use_is_forbidden(licence, terms):
    assert terms_of_licence(licence) == terms


@pytest.mark.parametrize("name", [name for names in ALLOW_COMMERCIAL_USE.values() for name in names.split()])
def test_a_listed_licence_allows_commercial_use_in_every_spelling(name):
    spelt = (name, name.upper(), name.replace("-", "_"), name.replace("-", " "), f"({name})", f"{name} license")
    assert {terms_of_licence(one) for one in spelt} == {"commercial"}
