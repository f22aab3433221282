"""A report whose every text from a table tries to be more than text."""

from __future__ import annotations

from report_example import COMPUTED_AT

from judgelake.measures import Result
from judgelake.report import (
    BothOrders,
    Confusion,
    Count,
    Disagreement,
    Family,
    JudgePair,
    JudgeSection,
    LabelerPair,
    Labelers,
    Leaderboard,
    MarginBin,
    Missing,
    Models,
    OrderVerdict,
    RankCorrelation,
    RankedModel,
    ReportContent,
    Rules,
    ShownAnswer,
    TableRead,
    Turn,
)

HOSTILE_TEXTS = {
    "a script": "<script>document.title = 'taken'</script>",
    "an image with a handler": "<img src=http://evil.example/x.png onerror=alert(1)>",
    "markup that closes its surroundings": '"></div></details></table></style><h1>Taken</h1><a href="javascript:f()">',
    "a template": "{{ 7 * 7 }}{% for x in y %}",
    "bidi controls": "A wins \u202ereven saw B\u202c \u2066hidden\u2069",
    "control characters": "zero\x00bell\x07escape\x1b[31m\x85",
    "a lone surrogate": "half \ud800 a pair \udfff",
    "Markdown": "| [a](http://evil.example) | ![x](http://evil.example/x.png) `c` **b** www.evil.example\n# Title",
    "only white space": " \n\t ",
    "nothing": "",
    "two million characters": "long " * 400_000,
}


def hostile_content(text: str) -> ReportContent:
    """Every text that may come from a table is the same hostile one."""
    row = Result("agreement", 0.5, 0.4, 0.6, n=10, asked=12, clusters=10, subject=text, swap_rule=text)
    missing = Result("macro_f1", reason=text, n=3, subject=text, slice=f"{text}={text}")
    effect = Result("position_bias", 0.1, -0.1, 0.3, 0.2, n=10, subject=text)
    judge = JudgeSection(
        name=text,
        judge=text,
        fingerprint=text,
        model=text,
        model_version=text,
        mode=text,
        is_imported=True,
        headline=(row, missing, effect),
        confusion=Confusion((text, "B"), (text, "B"), ((1, 2), (3, 4)), text),
        both_orders=BothOrders(row, row, row, effect, (missing,)),
        slices=(missing, Result("agreement", 0.5, n=31, slice=f"{text}={text}")),
        compared_slices=(
            Result("slice_difference", -0.2, -0.3, -0.1, n=31, slice=f"{text}={text}", p_corrected=0.01),
            Result("agreement_shrunk", 0.6, reason=text, n=31, slice=f"{text}={text}"),
        ),
        calibration=(MarginBin(text, row),),
        families=(Family(text, (row,)), Family(text, Missing(text))),
        failures=(Count(text, 1, text),),
    )
    verdict = OrderVerdict("AB", text, text, text, (1.0, 2.0), 0.3)
    return ReportContent(
        run_id=text,
        computed_at=COMPUTED_AT,
        rules=Rules((text,), text, text, text, (text,), where=text, judgments_where=text, why_headline=text),
        title=text,
        tables=(TableRead(text, text),),
        judges=(judge,),
        judge_pairs=(JudgePair(text, text + "2", row, effect), JudgePair(text, "3", Missing(text), Missing(text))),
        models=Models(
            (Leaderboard(text, (RankedModel(text, row, Missing(text), corrected=row),), text),),
            (RankCorrelation(text, text, row),),
        ),
        labelers=Labelers((LabelerPair(text, text + "2", row),), (row,)),
        disagreements=(
            Disagreement(
                text, text, (Turn(text, text),), (ShownAnswer((text,), text),), text, (verdict,), text, text, text
            ),
        ),
        left_out=(Count(text, 1, text),),
        not_tested=(text,),
        software=text,
    )
