"""Disagreements of judges with labels as a report shows them: every form that one can have."""

from __future__ import annotations

from judgelake.report import Disagreement, OrderVerdict, ShownAnswer, Turn

WITH_REFERENCE_AND_SCORES = Disagreement(
    judge="JudgeLM-7B",
    comparison_id="c-000412",
    source="pandalm",
    messages=(Turn("user", "Shorten the sentence. Keep both conditions under which the reader should write back."),),
    input="Should anything about my fee be unclear, or should you wish to change how much I do, please tell me.",
    reference="Please write if my fee is unclear or you wish to change the work.",
    answers=(
        ShownAnswer(("Please tell me if anything is unclear.",), "bloom-7b"),
        ShownAnswer(("Please tell me if my fee is unclear or you want more or less done.",), "llama-7b"),
    ),
    label="B",
    verdicts=(
        OrderVerdict("AB", "A", "9 7\nAssistant 1 is shorter and clearer.", scores=(9.0, 7.0), margin=3.41),
        OrderVerdict("BA", "A", "6 8\nAssistant 2 is more concise.", scores=(8.0, 6.0), margin=1.07),
    ),
)
OF_A_CONVERSATION = Disagreement(
    judge="Small instruct model",
    comparison_id="c-000977",
    messages=(
        Turn("user", "Plan nine quiet days in Morocco for a family."),
        Turn("assistant", "With pleasure. Do you prefer the coast or the mountains?"),
        Turn("user", "The coast. اكتب الجواب بالعربية إذا أمكن"),
    ),
    answers=(
        ShownAnswer(("Day 1: Casablanca\nDay 2: the beach at Oualidia\nDays 3 to 8: Essaouira",), "opt-7b"),
        ShownAnswer(("اليوم الأول: الصويرة. " * 12,), "pythia-6.9b"),
    ),
    label="tie",
    verdicts=(
        OrderVerdict("AB", "A", "[[A]]"),
        OrderVerdict("BA", None, "I cannot decide between <b>these</b> answers.", status="unparseable"),
    ),
)
WITHOUT_OUTPUT = Disagreement(
    judge="gpt-3.5-turbo",
    comparison_id="c-000031",
    messages=(Turn("user", "What does the function return? " + "def f(x): return x * 2; " * 300),),
    answers=(ShownAnswer(("Twice its argument.",), None), ShownAnswer(("",), "cerebras-gpt-6.7b")),
    label="A",
    verdicts=(OrderVerdict("AB", "tie", None),),
)
OF_THREE_ANSWERS = Disagreement(
    judge="JudgeLM-7B",
    comparison_id="c-000640",
    messages=(Turn("user", "Name three rivers that end in the Baltic."),),
    answers=(
        ShownAnswer(("Oder, Vistula and Neva.",), "llama-7b"),
        ShownAnswer(("Rhine, Elbe and Weser.",), "opt-7b"),
        ShownAnswer(("Oder and Vistula.",), "bloom-7b"),
    ),
    label="9, 1.33, 6",
    verdicts=(OrderVerdict("ABC", "B", "5 8 5", scores=(5.0, 8.0, 5.0)),),
    is_scored=True,
)
DISAGREEMENTS = (WITH_REFERENCE_AND_SCORES, OF_A_CONVERSATION, WITHOUT_OUTPUT, OF_THREE_ANSWERS)
