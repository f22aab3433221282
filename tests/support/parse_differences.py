"""Where our parsers read a golden output otherwise than the judge's original code, and why: one line each.

A value is a verdict ("A", "B", "tie"), a tuple of scores, or a failure: None for the original, a status for ours.
The original of Auto-J says 0.0 where it finds no rating and PandaLM's says 0, a tie, where it finds no label;
here they stand as the number and the tie that their users get.
"""

from __future__ import annotations

from dataclasses import dataclass

Value = tuple[float, ...] | str | None

JUDGELM = "pair:parse_score"
JUDGELM_FAST = "pair:generated_text->pred_text->score if_fast_eval=True"
JUDGELM_REASONS = "pair:generated_text->pred_text->score if_fast_eval=False"
PANDALM = "parse_pandalm_response"
PANDALM_WHOLE = "postprocess_output+filter_special_token+parse"
AUTOJ_PAIR = "pairwise:extract_pariwise_result"
AUTOJ_SINGLE = "single:extract_single_rating"
AUTOJ_ZH_SINGLE = "single:zh_extract_single_rating"
ABSOLUTE = "absolute:parse_output"
RELATIVE = "relative:parse_output"

LOST_CHARACTER = "the original loses the last character when the output does not end in its separator"
NO_LABEL_IS_NO_TIE = "no label on the first line; the original calls every such output a tie"
NO_RATING_IS_NOT_ZERO = "no rating in the output; the original calls that 0.0, which is not on the scale"
TWO_THAT_DIFFER = (
    "two that differ, of which one may be a quote from the answer; the originals take the first, or the last"
)


@dataclass(frozen=True)
class Difference:
    """One output that is read otherwise on purpose."""

    judge: str
    parser: str
    raw: str
    original: Value
    ours: Value
    why: str


DIFFERENCES = (
    Difference("judgelm", JUDGELM, "inf 2", (float("inf"), 2.0), "unparseable", "infinity is no score"),
    Difference("judgelm", JUDGELM, "11 12\nout of range", (11.0, 12.0), "out_of_range", "the scale ends at 10"),
    Difference(
        "judgelm", JUDGELM, "\n7 9\n", None, (7.0, 9.0), "white space before the line; the original's caller strips it"
    ),
    Difference(
        "judgelm", JUDGELM, " 7 9\nx", None, (7.0, 9.0), "white space before the line; the original's caller strips it"
    ),
    Difference("judgelm", JUDGELM, "7.5 8.25 \n", None, (7.5, 8.25), "a space at the line's end is no third score"),
    Difference("judgelm", JUDGELM, "7  9\nx", None, (7.0, 9.0), "two spaces are no third score"),
    Difference("judgelm", JUDGELM_FAST, "7 10", (7.0, 1.0), (7.0, 10.0), LOST_CHARACTER),
    Difference("judgelm", JUDGELM_FAST, "8.5 7.5", (8.5, 7.0), (8.5, 7.5), LOST_CHARACTER),
    Difference("judgelm", JUDGELM_REASONS, "7 10", (7.0, 1.0), (7.0, 10.0), LOST_CHARACTER),
    Difference("judgelm", JUDGELM_REASONS, "7 9", None, (7.0, 9.0), LOST_CHARACTER),
    Difference("pandalm", PANDALM, "１", "tie", "unparseable", NO_LABEL_IS_NO_TIE),
    Difference("pandalm", PANDALM, "One", "tie", "unparseable", NO_LABEL_IS_NO_TIE),
    Difference("pandalm", PANDALM, "1.0\n", "tie", "unparseable", NO_LABEL_IS_NO_TIE),
    Difference("pandalm", PANDALM, "Response 1", "tie", "unparseable", NO_LABEL_IS_NO_TIE),
    Difference(
        "pandalm",
        PANDALM,
        "Tie.",
        "tie",
        "unparseable",
        "the full stop makes it no label; the original's tie is its guess",
    ),
    Difference(
        "pandalm", PANDALM, "1\r\nx", "tie", "A", "the line end is CR LF; the original takes CR for part of the label"
    ),
    Difference("pandalm", PANDALM_WHOLE, "### Evaluation:", "tie", "unparseable", NO_LABEL_IS_NO_TIE),
    Difference(
        "pandalm",
        PANDALM_WHOLE,
        "a ### Evaluation:\n1 ### Evaluation:\n2",
        "A",
        "unparseable",
        "the first line goes on after the 1; the original cuts it at a heading that may be the answers' own",
    ),
    Difference(
        "autoj",
        AUTOJ_PAIR,
        "final decision is Response 1. ... the final decision is Response 2",
        "B",
        "unparseable",
        TWO_THAT_DIFFER,
    ),
    Difference("autoj", AUTOJ_PAIR, "final decision is response 11", "A", "unparseable", "there is no Response 11"),
    Difference(
        "autoj",
        AUTOJ_PAIR,
        "So, the final decision is Response 1 / Response 2 / Tie",
        "A",
        "unparseable",
        "an echo of the prompt that decides nothing",
    ),
    Difference("autoj", AUTOJ_SINGLE, "Rating: [[0]]", (0.0,), "out_of_range", "the scale begins at 1"),
    Difference("autoj", AUTOJ_SINGLE, "", (0.0,), "unparseable", NO_RATING_IS_NOT_ZERO),
    Difference("autoj", AUTOJ_SINGLE, "Rating: [5]", (0.0,), "unparseable", NO_RATING_IS_NOT_ZERO),
    Difference("autoj-zh", AUTOJ_ZH_SINGLE, "", (0.0,), "unparseable", NO_RATING_IS_NOT_ZERO),
    Difference(
        "autoj-zh", AUTOJ_ZH_SINGLE, "评分：[[5]]", (0.0,), (5.0,), "a full-width colon is how Chinese is written"
    ),
    Difference(
        "prometheus-v1",
        "absolute:create",
        "a [RESULT] 2 [RESULT] 5",
        (2.0,),
        "unparseable",
        TWO_THAT_DIFFER,
    ),
    Difference("prometheus2", ABSOLUTE, "a [RESULT] 2 [RESULT] 5", (5.0,), "unparseable", TWO_THAT_DIFFER),
    Difference("prometheus2", RELATIVE, "a [RESULT] A [RESULT] B", "B", "unparseable", TWO_THAT_DIFFER),
    Difference(
        "prometheus2", RELATIVE, "[RESULT] (A)", None, "A", "brackets around the letter, which the prompt itself shows"
    ),
    Difference(
        "prometheus2-eval",
        RELATIVE,
        "[RESULT] (A)",
        None,
        "A",
        "brackets around the letter, which the prompt itself shows",
    ),
    Difference("prometheus2-eval", RELATIVE, "Result: A", None, "A", "the other parser of Prometheus 2 reads it so"),
    Difference("prometheus2-eval", ABSOLUTE, "Score: 10", (10.0,), "out_of_range", "the scale ends at 5"),
    Difference("prometheus2-eval", ABSOLUTE, "good [RESULT] 6", (6.0,), "out_of_range", "the scale ends at 5"),
    Difference(
        "prometheus2-eval",
        ABSOLUTE,
        "Reference (Score 5) two results [RESULT] 3",
        (5.0,),
        (3.0,),
        "(Score 5) is what the prompt calls the reference answer",
    ),
    Difference(
        "prometheus2-eval",
        ABSOLUTE,
        "Good job. (Score 5)",
        (5.0,),
        "unparseable",
        "(Score 5) is what the prompt calls the reference answer",
    ),
)
