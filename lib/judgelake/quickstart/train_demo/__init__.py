"""What `make train-demo` needs besides the jobs: from a file of labels to a judge of one's own. No job imports it."""

from judgelake.quickstart.train_demo.labelled import Labelled, Read, read_labelled, to_jsonl
from judgelake.quickstart.train_demo.parts import Parts, parted

__all__ = ["Labelled", "Parts", "Read", "parted", "read_labelled", "to_jsonl"]
