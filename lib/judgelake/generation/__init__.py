"""From questions to comparisons of generated answers: reading seeds, pairing answers, leaving rows out; no Spark."""

from judgelake.generation.comparing import Comparing, Given, LeftOut
from judgelake.generation.hashes import hash_of
from judgelake.generation.pairing import Pairing
from judgelake.generation.refusals import refusal_in
from judgelake.generation.sampling import balanced_sample
from judgelake.generation.seed import Seed, question_id_of, seed_from_record, seed_to_record
from judgelake.generation.seed_formats import SEED_FORMATS, SeedFormat, seed_format_named
from judgelake.generation.seed_rows import SeedReader
from judgelake.generation.seed_table import SeedColumns
from judgelake.generation.teaching import NOT_JUDGED_YET, Agreement, Reasons, Said, learned, terms_of

__all__ = [
    "NOT_JUDGED_YET",
    "SEED_FORMATS",
    "Agreement",
    "Comparing",
    "Given",
    "LeftOut",
    "Pairing",
    "Reasons",
    "Said",
    "Seed",
    "SeedColumns",
    "SeedFormat",
    "SeedReader",
    "balanced_sample",
    "hash_of",
    "learned",
    "question_id_of",
    "refusal_in",
    "seed_format_named",
    "seed_from_record",
    "seed_to_record",
    "terms_of",
]
