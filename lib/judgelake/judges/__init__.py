"""What a judge is asked and how its answer is parsed; pure code, without Spark, engine, clock or network."""

from judgelake.judges.catalog import judge_file, list_judges, load_judge
from judgelake.judges.controls import ControlPattern, control_pattern, control_strings, neutralised
from judgelake.judges.decoding import Decoding
from judgelake.judges.outlines import rendered as filled_template
from judgelake.judges.parsers.logprobs import verdict_name
from judgelake.judges.parsers.registry import PARSERS
from judgelake.judges.parsers.thinking import closing_of, has_thinking_marks, opened_thinking, without_thinking
from judgelake.judges.parsing import parse
from judgelake.judges.prompt import Prompt, render, render_orders
from judgelake.judges.spec import JudgeSpec, ModeSpec, judge_fingerprint
from judgelake.judges.templates import problem as template_problem
from judgelake.judges.trimming import CUT_MARK, cut_answers, shortest, trimmed

__all__ = [
    "CUT_MARK",
    "PARSERS",
    "ControlPattern",
    "Decoding",
    "JudgeSpec",
    "ModeSpec",
    "Prompt",
    "closing_of",
    "control_pattern",
    "control_strings",
    "cut_answers",
    "filled_template",
    "has_thinking_marks",
    "judge_file",
    "judge_fingerprint",
    "list_judges",
    "load_judge",
    "neutralised",
    "opened_thinking",
    "parse",
    "render",
    "render_orders",
    "shortest",
    "template_problem",
    "trimmed",
    "verdict_name",
    "without_thinking",
]
