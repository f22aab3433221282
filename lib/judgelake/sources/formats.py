"""The file formats by name; a new format needs a loader and one line here."""

from __future__ import annotations

from judgelake.errors import UserError, did_you_mean
from judgelake.sources import (
    alpaca_eval,
    arena,
    arena_hard,
    autoj,
    feedback_collection,
    judgelake,
    judgelm,
    label_sheet,
    llmbar,
    mm_vet,
    mt_bench,
    openai_batch,
    pandalm,
    preference,
    prometheus,
)
from judgelake.sources.columns import TABLE
from judgelake.sources.loaded import Format

# How answers of several models become comparisons.
GROUPING = ("pairs", "baseline")

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format(
            "judgelake",
            judgelake.load,
            takes=("input", "labels", "judgments", "judges"),
            needs=(),
            signs=(
                ("input", ("messages", "answers")),
                ("labels", ("comparison_id", "labeler", "kind")),
                ("judgments", ("comparison_id", "judge", "shown_order")),
            ),
        ),
        Format(
            "arena",
            arena.load,
            signs=(
                ("input", ("model_a", "model_b", "conversation_a", "conversation_b")),
                ("input", ("model_a", "model_b", "prompt", "response_a", "response_b")),
            ),
        ),
        Format(
            "preference",
            preference.load,
            signs=(("input", ("chosen", "rejected")),),
        ),
        Format(
            "alpaca_eval",
            alpaca_eval.load,
            takes=("input", "annotations", "judgments", *GROUPING),
            needs=(),
            signs=(
                ("input", ("instruction", "output", "generator")),
                ("annotations", ("instruction", "output_1", "output_2", "annotator", "preference")),
            ),
        ),
        Format(
            "mt_bench",
            mt_bench.load,
            takes=("reference", "judgments", *GROUPING),
            needs=("input", "answers"),
            signs=(
                ("input", ("question_id", "category", "turns")),
                ("answers", ("question_id", "model_id", "choices")),
                ("judgments", ("question_id", "judge", "g1_winner", "turn")),
                ("judgments", ("question_id", "judge", "score", "turn")),
            ),
        ),
        Format(
            "arena_hard",
            arena_hard.load,
            takes=("judgments", *GROUPING),
            needs=("input", "answers"),
            signs=(
                ("input", ("question_id", "category", "cluster", "turns")),
                ("input", ("uid", "category", "prompt")),
                ("answers", ("question_id", "model_id", "choices")),
                ("answers", ("uid", "model", "messages")),
                ("judgments", ("model", "judge", "games")),
            ),
        ),
        Format(
            "openai_batch",
            openai_batch.load,
            takes=("judges", "order"),
            needs=("judgments", "judge", "mode"),
            signs=(("judgments", ("custom_id", "response")),),
        ),
        Format(
            "feedback_collection",
            feedback_collection.load,
            signs=(("input", ("orig_instruction", "orig_criteria")),),
        ),
        Format(
            "prometheus",
            prometheus.load,
            signs=(("input", ("instruction", "response_source", "gpt4_score")),),
        ),
        Format(
            "judgelm",
            judgelm.load,
            takes=("labels", "reference"),
            signs=(("input", ("question_id", "question_body", "answer1_body")),),
        ),
        Format(
            "label_sheet",
            label_sheet.load,
            needs=("labels",),
            signs=(("labels", ("comparison_id", "shown_order", "labeler", "verdict")),),
            counted="row with a verdict",
        ),
        Format(
            "pandalm",
            pandalm.load,
            takes=("judgments",),
            signs=(("input", ("instruction", "response1", "response2", "cmp_key")),),
        ),
        Format(
            "llmbar",
            llmbar.load,
            takes=("judgments",),
            signs=(("input", ("input", "output_1", "output_2", "label")),),
        ),
        Format(
            "autoj",
            autoj.load,
            takes=("judgments",),
            signs=(("input", ("prompt", "response 1", "response 2", "label")), ("input", ("usrmsg", "pred_score"))),
        ),
        Format("mm_vet", mm_vet.load, takes=GROUPING, needs=("input", "answers")),
    )
}


def format_named(name: str) -> Format:
    """The file format of that name.

    Raises:
        UserError: there is none; names the nearest.
    """
    if name in FORMATS:
        return FORMATS[name]
    known = [*FORMATS, TABLE]
    meant = did_you_mean(name, known) or f" Expected one of {', '.join(known)}."
    raise UserError(f"There is no format {name!r}.{meant}")
