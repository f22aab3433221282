"""What jobs write on a registered version of a judge, and read of it: aliases and tags."""

CANDIDATE = "candidate"
"""The alias of the newest trained version."""
CHAMPION = "champion"
"""The alias of the version that judges; moved by promotion alone."""
# Unity Catalog takes none of . , - = / : in the keys of a version's tags, and at most so many characters in a value.
MOST_CHARACTERS = 256
JUDGE_TAG, MODE_TAG = "judgelake_judge", "judgelake_mode"
"""The tags that say whose prompts, and of which mode, a version was trained on."""
BASE_TAG = "judgelake.base"
"""The tag of a training's run that names the model it began with, a registered one with its version."""
TRAINING = "training"
"""The context in which a training's run has the table of its examples as an MLflow dataset."""
