"""Judge files: the built-in ones, a user's own, their faults, and the fingerprint under which verdicts are kept."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from judgelake.comparisons import Answer, Comparison, Message, Reading, Rubric
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, ModeSpec, Prompt, judge_fingerprint, list_judges, load_judge, parse, render

BUILT_IN = [
    "arena-hard",
    "autoj",
    "autoj-zh",
    "chat",
    "compassjudger-2",
    "fare",
    "flow-judge",
    "glider",
    "judgelm",
    "judgelrm",
    "m-prometheus",
    "mt-bench",
    "offsetbias",
    "pandalm",
    "prometheus",
    "prometheus-2",
    "rewardbench-2",
    "rm-r1",
    "selene-mini",
    "skywork-critic",
]

MINE: dict[str, Any] = {
    "name": "mine",
    "description": "Mine.",
    "model": "me/mine",
    "context_length": 100,
    "licence": "Apache-2.0",
    "modes": {"pair": {"answers": [2, 2], "prompt": "{{ question }}", "parser": {"kind": "score_line"}}},
}


def mine(**changes: Any) -> JudgeSpec:
    return JudgeSpec.model_validate(MINE | changes)


def mode_of(**changes: Any) -> dict[str, Any]:
    return {"modes": {"pair": MINE["modes"]["pair"] | changes}}


CHAT = [{"role": "user", "content": "{{ answers[0] }}"}, {"role": "user", "content": "{{ question }}"}]


def decides(**changes: Any) -> dict[str, Any]:
    decision = {"prompt": None, "messages": CHAT, "choices": {"letters": True}, "verdict_from": "decision"}
    return mode_of(**decision | {"parser": {}} | changes)


def write(folder: Path, content: dict[str, Any], name: str = "mine") -> Path:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return folder


def test_the_built_in_judges_are_there_and_say_where_their_format_comes_from() -> None:
    judges = list_judges()
    assert [judge.name for judge in judges] == BUILT_IN
    for judge in judges:
        assert judge.description
        assert judge.licence
        assert (judge.source is None) == (judge.name == "chat")


@pytest.mark.parametrize(
    ("name", "modes"),
    [
        ("judgelm", ["pair", "single", "multi", "vqa", "turns"]),
        ("pandalm", ["pair"]),
        ("autoj", ["pair", "single"]),
        ("autoj-zh", ["pair", "single"]),
        ("prometheus", ["single"]),
        ("prometheus-2", ["single", "pair"]),
        ("arena-hard", ["pair", "pair-creative-writing", "pair-v0.1"]),
        ("compassjudger-2", ["pair"]),
        ("fare", ["pair"]),
        ("flow-judge", ["single", "single-output"]),
        ("glider", ["single"]),
        ("judgelrm", ["pair"]),
        ("m-prometheus", ["single", "pair"]),
        ("mt-bench", ["pair-v2", "pair-math-v1", "pair-v2-multi-turn", "pair-math-v1-multi-turn"]),
        ("mt-bench", ["single-v1", "single-math-v1", "single-v1-multi-turn", "single-math-v1-multi-turn"]),
        ("offsetbias", ["pair", "pair-rewardbench"]),
        ("rewardbench-2", ["multi"]),
        ("rm-r1", ["pair", "pair-reasoning", "turns", "turns-reasoning"]),
        ("selene-mini", ["pair", "single", "classify"]),
        ("skywork-critic", ["pair"]),
        ("chat", ["pair", "single", "multi", "turns", "pair-logprobs", "pair-explain"]),
    ],
)
def test_a_judge_has_its_modes(name: str, modes: list[str]) -> None:
    assert set(modes) <= set(load_judge(name).modes)


def test_source_commits_are_those_the_golden_prompts_were_made_with(shared: Path) -> None:
    ours = {"prometheus-v1": "prometheus", "prometheus2": "prometheus-2"}
    checked = set()
    for line in (shared / "golden" / "prompts.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        name = ours.get(row["judge"], row["judge"])
        if name in BUILT_IN:
            source = load_judge(name).source
            assert source is not None
            repository, _, rest = row["source"].partition("@")
            assert source.url.endswith(f"github.com/{repository}")
            assert str(source.file).startswith(rest.partition(":")[0])
            checked.add(name)
    # Of the others, test_published_golden.py checks it.
    elsewhere = {path.stem for path in (Path(__file__).parents[2] / "golden" / "prompts").glob("*.jsonl")}
    withheld = {name for name in BUILT_IN if load_judge(name).withheld is not None}
    assert checked == {name for name in BUILT_IN if load_judge(name).source is not None} - elsewhere - withheld


def test_published_words_stand_in_judge_files_and_nowhere_else(root: Path) -> None:
    published = (
        "checking the quality of the answer",
        "Below are two responses",
        "grade the response:",
        "fair judge assis",
        "as an impartial judge",
        "evaluating the quality of the",
        "tasked with evaluating",
    )
    paths = [*root.glob("lib/**/*.py"), *root.glob("jobs/*.py")]
    assert root / "lib" / "judgelake" / "errors.py" in paths
    assert all(any(words in path.read_text("utf-8") for path in root.glob("conf/judges/*.yaml")) for words in published)
    for path in paths:
        text = path.read_text("utf-8")
        assert not [words for words in published if words in text], path


def test_decoding_is_the_published_one_or_says_why_not() -> None:
    pandalm = load_judge("pandalm").decoding_of("pair")
    assert (pandalm.beam_width, pandalm.repetition_penalty, pandalm.max_tokens) == (4, 1.2, 512)
    autoj = load_judge("autoj").decoding_of("pair")
    assert (autoj.temperature, autoj.top_p, autoj.max_tokens) == (0, 1, 1024)
    prometheus = load_judge("prometheus-2").decoding_of("single")
    assert (prometheus.temperature, prometheus.top_p, prometheus.repetition_penalty) == (1, 0.9, 1.03)
    assert prometheus.max_tokens == 1024


def test_judgelm_stops_before_the_reasons_unless_they_are_asked_for() -> None:
    judge = load_judge("judgelm")
    assert judge.decoding_of("pair").stop == ("\n",)
    assert judge.decoding_of("pair-reasons").stop == ()
    assert judge.modes["pair-reasons"].prompt == judge.modes["pair"].prompt


def test_labels_follow_the_number_of_answers() -> None:
    chat = load_judge("chat")
    assert chat.choices_of("pair", 2) == ("A", "B", "T")
    assert chat.labels_of("pair", 2) is None
    assert chat.choices_of("pair-logprobs", 2) is None
    assert chat.labels_of("multi-logprobs", 4) == ("A", "B", "C", "D", "T")
    assert chat.choices_of("pair-explain", 2) is None
    assert chat.choices_of("single", 1) == tuple(str(score) for score in range(1, 11))
    assert all(len(label) == 1 for label in chat.labels_of("single-logprobs", 1) or ())
    assert load_judge("judgelm").choices_of("pair", 2) is None


def test_a_users_folder_comes_first(tmp_path: Path) -> None:
    write(tmp_path, MINE)
    write(tmp_path, MINE | {"name": "chat", "model": "me/other"}, "chat")
    assert load_judge("mine", tmp_path).model == "me/mine"
    assert load_judge("chat", tmp_path).model == "me/other"
    assert load_judge("pandalm", tmp_path).model == "WeOpenML/PandaLM-7B-v1"
    assert [judge.name for judge in list_judges(tmp_path)] == sorted([*BUILT_IN, "mine"])


def test_an_unknown_judge_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"No judge 'jugdelm'\. Did you mean 'judgelm'\? .*judgelake judges"):
        load_judge("jugdelm")


def test_an_unknown_mode_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"Judge 'judgelm' has no mode 'pairs'\. Did you mean 'pair'\? It has: pair"):
        load_judge("judgelm").mode("pairs")


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="no folder of judges 'nowhere'"):
        load_judge("mine", "nowhere")


FAULTS = [
    pytest.param({"licens": "x"}, "unknown key 'licens'. Did you mean 'licence'", id="typo"),
    pytest.param({"name": "other"}, "name is 'other' but the file is called 'mine'", id="name"),
    pytest.param({"decoding": {"temprature": 1}}, "unknown key 'decoding.temprature'. Did you mean 'temp", id="nested"),
    pytest.param({"decoding": {"temperature": -1}}, "decoding.temperature: Input should be greater", id="range"),
    pytest.param({"modes": {}}, "modes: ", id="no modes"),
    pytest.param(mode_of(prompt=None), "modes.pair: give either prompt", id="no template"),
    pytest.param(mode_of(messages=[{"role": "user", "content": "x"}]), "modes.pair: give either prompt", id="both"),
    pytest.param({"withheld": "x"}, "modes.pair has a template, so the key withheld must go", id="withheld and there"),
    pytest.param({"withheld": ""}, "withheld", id="withheld without a reason"),
    pytest.param(mode_of(prompt="{{ question"), "the template of modes.pair is not usable: line 1: ", id="syntax"),
    pytest.param(mode_of(prompt="a\n\n{{ question }"), "is not usable: line 3: unexpected '}'", id="a lost brace"),
    pytest.param(mode_of(prompt="{{ question | shout }}"), "No filter named 'shout'", id="filter"),
    pytest.param(mode_of(prompt="{{ question | random }}"), "No filter named 'random'", id="filter by chance"),
    pytest.param(mode_of(prompt="{{ lipsum() }}"), "uses 'lipsum', which is not one of its values", id="chance"),
    pytest.param(
        mode_of(prompt="{% include 'gone' %}"), "includes 'gone', which is not one of the partials", id="partial"
    ),
    pytest.param(mode_of(prompt="{%- include 'x' %}"), "must be included as {% include", id="another include"),
    pytest.param(
        {"partials": {"x": "{% include 'x' %}"}} | mode_of(prompt="{% include 'x' %}"), "includes itself", id="ring"
    ),
    pytest.param(
        mode_of(prompt="{{ questoin }}"), "uses 'questoin', which is not one of its values: question", id="value"
    ),
    pytest.param(mode_of(prompt="{{ anchor }}"), "uses 'anchor'", id="a value of other modes"),
    pytest.param(mode_of(parser={"kind": "score_lines"}), "Did you mean 'score_line'", id="parser"),
    pytest.param(mode_of(parser={"kind": "score_line", "higest": 5}), "Did you mean 'highest'", id="parser option"),
    pytest.param(mode_of(parser={"kind": "choice"}), "the parser 'choice' needs choices", id="no choices"),
    pytest.param(
        mode_of(parser={"kind": "first_line", "labels": {"1": "first"}}),
        "labels: '1' means 'first', which is not one of A, B, tie",
        id="a label that is no verdict",
    ),
    pytest.param(
        mode_of(parser={"kind": "final_decision", "after": ["It is "], "labels": {"1": "C"}}),
        "labels: '1' means 'C', which is not one of A, B, tie",
        id="a label of an answer too many",
    ),
    pytest.param(
        mode_of(parser={"kind": "first_line", "labels": {"1": "AB"}}), "not one of A, B, tie", id="two letters"
    ),
    pytest.param(mode_of(parser={"kind": "first_line", "labels": {}}), "labels: ", id="no labels"),
    pytest.param(mode_of(parser={"kind": "first_line", "labels": {"": "A"}}), "labels.", id="a label of nothing"),
    pytest.param(
        mode_of(parser={"kind": "final_rating", "after": ["Rating:"]}),
        "'final_rating' gives the score of one answer",
        id="one rating for two answers",
    ),
    pytest.param(
        mode_of(parser={"kind": "result", "gives": "score"}),
        "'result' gives the score of one answer",
        id="one score for two answers",
    ),
    pytest.param(
        mode_of(choices={"scores": {"1": 1}}, parser={"kind": "choice"}),
        "choices.scores grade one answer",
        id="one grade for two answers",
    ),
    pytest.param(mode_of(parser={"kind": "json", "field": "verdict"}), "'json' needs choices", id="no labels at all"),
    pytest.param(mode_of(parser={"kind": "brackets", "lowest": 1}), "needs both lowest and highest", id="half a scale"),
    pytest.param(
        mode_of(parser={"kind": "brackets", "lowest": 1, "highest": 5}),
        "gives the score of one answer",
        id="one scale for two answers",
    ),
    pytest.param(
        mode_of(parser={"kind": "tag", "tag": "x", "labels": {"A": "A"}, "lowest": 1, "highest": 5}),
        "takes labels or a scale, not both",
        id="labels and a scale",
    ),
    pytest.param(mode_of(parser={"kind": "tag", "tag": "<x>", "labels": {"A": "A"}}), "tag: ", id="no name of a tag"),
    pytest.param(
        mode_of(parser={"kind": "brackets", "labels": {"A>>B": "A", "A>B": "A"}, "strengths": {"A>>B": 3}}),
        "strengths: 'A>B', expected one for every label of an answer",
        id="a strength is missing",
    ),
    pytest.param(
        mode_of(parser={"kind": "brackets", "labels": {"A": "A", "C": "tie"}, "strengths": {"A": 1, "C": 1}}),
        "strengths: 'C', expected one for every label of an answer",
        id="a strong tie",
    ),
    pytest.param(mode_of(parser={"kind": "score_line", "faithful": ["bold"]}), "faithful.0: ", id="an unknown form"),
    pytest.param(mode_of(least_label_mass=0.2), "only for verdict_from: logprobs", id="a mass of a text"),
    pytest.param(mode_of(answers=[True, "2"]), "answers.0: Input should be a valid integer (found true)", id="bool"),
    pytest.param({"context_length": "100"}, "context_length: Input should be a valid integer", id="text for a number"),
    pytest.param(mode_of(answers=[3, 2]), "answers must be", id="answers"),
    pytest.param(mode_of(constrained=True), "need choices", id="constrained"),
    pytest.param(
        mode_of(choices={"letters": True, "tie": "B"}), "tie label 'B' is the letter of an answer", id="tie label"
    ),
    pytest.param(mode_of(decoding={"max_tokens": None}), "max_tokens", id="a null where a number must be"),
    pytest.param(mode_of(verdict_from="logprobs", choices={"letters": True}), "takes no parser", id="logprobs"),
    pytest.param(mode_of(turns=2), "needs conversation: turns", id="turns of a question"),
    pytest.param(mode_of(reference="turns"), "needs turns", id="a reference for each of any number of turns"),
    pytest.param(decides(parser={"kind": "choice"}), "takes no parser", id="a decision with a parser"),
    pytest.param(decides(choices=None), "need choices", id="a decision without choices"),
    pytest.param(decides(messages=CHAT[:1]), "two messages of the role user", id="a decision without a question"),
    pytest.param(
        decides(messages=[{"role": "system", "content": "x"}, *CHAT[1:]]),
        "two messages of the role user",
        id="a decision with a system message",
    ),
    pytest.param(
        decides(choices={"letters": True, "tie": "tie"}, answers=[2, 26]),
        "takes 2 to 26 choices, not 3 to 27",
        id="more options than letters",
    ),
    pytest.param(
        decides(choices={"scores": {"1": 1}}, answers=[1, 1]), "takes 2 to 26 choices, not 1 to 1", id="one option"
    ),
]


@pytest.mark.parametrize(("changes", "said"), FAULTS)
def test_a_faulty_file_is_a_user_error_that_names_the_key(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        load_judge("mine", write(tmp_path, MINE | changes))
    assert said in str(caught.value)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "{'" not in str(caught.value), "only single values are repeated, never the whole judge"
    assert "Value error" not in str(caught.value)
    assert len(str(caught.value)) < len(str(tmp_path)) + 300


def test_as_many_labels_as_answers_may_be_named(tmp_path: Path) -> None:
    parser = {"kind": "first_line", "labels": {"1": "A", "2": "B", "3": "C", "none": "tie"}}
    assert (
        load_judge("mine", write(tmp_path, MINE | mode_of(answers=[2, 3], parser=parser))).modes["pair"].answers[1] == 3
    )


def test_a_template_cannot_reach_outside_its_sandbox() -> None:
    judge = mine(**mode_of(prompt="{{ question.__class__.__mro__ }}"))
    comparison = Comparison("c", "q", (Message("user", "x"),), (Answer("a"), Answer("b")))
    with pytest.raises(UserError, match="unsafe"):
        render(judge, "pair", comparison, "AB")


def test_a_judge_travels_by_pickle() -> None:
    for judge in list_judges():
        for mode in judge.modes.values():
            assert isinstance(mode, ModeSpec)
        assert pickle.loads(pickle.dumps(judge)) == judge


def print_of(spec: JudgeSpec, mode: str = "pair", **changes: Any) -> str:
    arguments = {"model_identity": "m", "engine_options": {"dtype": "float32"}, "reference": "use"} | changes
    return judge_fingerprint(spec, mode, **arguments)


@pytest.mark.parametrize(
    "changes",
    [
        mode_of(prompt="{{ question }} "),
        mode_of(parser={"kind": "score_line", "highest": 5}),
        mode_of(reference="optional"),
        mode_of(conversation="turns", turns=2, prompt="x"),
        mode_of(decoding={"stop": ["\n"]}),
        {"decoding": {"temperature": 0.5}},
        {"context_length": 200},
    ],
    ids=["template", "parser", "reference", "turns", "mode's decoding", "decoding", "context"],
)
def test_what_can_change_a_verdict_changes_the_fingerprint(changes: dict[str, Any]) -> None:
    assert print_of(mine(**changes)) != print_of(mine())


def test_a_decision_may_have_as_many_options_as_there_are_letters() -> None:
    judge = mine(**decides(choices={"letters": True, "tie": "tie"}, answers=[2, 25]))
    assert len(judge.labels_of("pair", 25) or ()) == 26
    assert judge.choices_of("pair", 25) is None


def test_a_decision_and_a_log_probability_are_different_judges() -> None:
    one_message = {"messages": CHAT[:1], "choices": {"letters": True}, "parser": {}, "prompt": None}
    by_logprobs = mine(**mode_of(**one_message, verdict_from="logprobs"))
    assert print_of(by_logprobs) != print_of(mine(**decides()))
    prints = {print_of(mine(**decides(least_label_mass=least))) for least in (0.1, 0.5)}
    assert len(prints) == 2


def test_the_least_label_mass_counts_where_labels_decide_by_their_log_probabilities() -> None:
    by_logprobs = {"choices": {"letters": True}, "verdict_from": "logprobs", "parser": {}}
    prints = {print_of(mine(**mode_of(**by_logprobs, least_label_mass=least))) for least in (0.1, 0.5)}
    assert print_of(mine(**mode_of(**by_logprobs))) in prints
    assert len(prints) == 2


def test_the_callers_part_changes_the_fingerprint() -> None:
    base = print_of(mine())
    assert print_of(mine(), model_identity="n") != base
    assert print_of(mine(), reference="ignore") != base
    assert print_of(mine(), engine_options={"dtype": "bfloat16"}) != base


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"description": "Other."},
        {"notes": "More."},
        {"licence": "MIT"},
        {"source": {"url": "https://example.org"}},
        {"modes": MINE["modes"] | {"other": MINE["modes"]["pair"] | {"prompt": "x"}}},
        {"partials": {"unused": "x"}},
        mode_of(description="Two."),
        mode_of(decoding={"max_tokens": 512}),
    ],
    ids=["name", "description", "notes", "licence", "source", "another mode", "unused partial", "words", "own default"],
)
def test_what_cannot_change_a_verdict_leaves_the_fingerprint(changes: dict[str, Any]) -> None:
    assert print_of(mine(**changes)) == print_of(mine())


def test_a_partial_counts_where_it_is_included_even_by_another() -> None:
    def judge(inner: str) -> JudgeSpec:
        partials = {"outer": "{% include 'inner' %}", "inner": inner}
        return mine(partials=partials, **mode_of(prompt="{% include 'outer' %}"))

    assert print_of(judge("x")) != print_of(judge("y"))


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "from judgelake.judges import judge_fingerprint, load_judge;"
        "print(judge_fingerprint(load_judge('chat'), 'pair', model_identity='m', engine_options={}, reference='use'))"
    )
    prints = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert prints == {print_of(load_judge("chat"), engine_options={}) + "\n"}


def test_every_template_can_be_rendered() -> None:
    rubric = Rubric("Right?", ("1", "2", "3", "4", "5"))
    for judge in (judge for judge in list_judges() if judge.withheld is None):
        for name, mode in judge.modes.items():
            for count in mode.answers:
                turns = mode.turns or 1
                answer = Answer("a") if turns == 1 else Answer(None, turns=("a",) * turns)
                reference = "Turn 1:\nr\n\nTurn 2:\nr" if mode.reference == "turns" else "r"
                messages = (Message("user", "x"),) * turns
                comparison = Comparison("c", "q", messages, (answer,) * count, None, reference, rubric)
                prompt = render(judge, name, comparison, "ABCDEFGHIJKLMNOPQRS"[:count])
                assert isinstance(prompt, Prompt), (judge.name, name, prompt)


def withheld(**changes: Any) -> dict[str, Any]:
    mode = {key: value for key, value in MINE["modes"]["pair"].items() if key != "prompt"} | changes
    source = {"url": "https://example.org/mine", "file": "abc:README.md"}
    return MINE | {"withheld": "its licence allows no copies", "source": source, "modes": {"pair": mode}}


def test_a_judge_without_its_prompt_reads_outputs_and_says_how_to_complete_it(tmp_path: Path) -> None:
    judge = load_judge("mine", write(tmp_path, withheld()))
    assert parse(judge, "pair", "8 7", answers=2) == Reading(scores=(8.0, 7.0), verdict="A")
    comparison = Comparison("c", "q", (Message("user", "x"),), (Answer("a"), Answer("b")), None, None, None)
    with pytest.raises(UserError) as error:
        render(judge, "pair", comparison, "AB")
    for part in ("'mine'", "allows no copies", "https://example.org/mine (abc:README.md)", "withheld", "--judges"):
        assert part in str(error.value)


@pytest.mark.parametrize("name", ["fare", "glider", "judgelrm", "skywork-critic"])
def test_a_users_copy_of_a_withheld_judge_works_with_a_template(name: str, tmp_path: Path, root: Path) -> None:
    content = yaml.safe_load((root / "conf" / "judges" / f"{name}.yaml").read_text("utf-8"))
    assert content.pop("withheld")
    for mode in content["modes"].values():
        mode["messages"] = [{"role": "user", "content": "Judge: {{ question }} {{ answers | join(' ') }}"}]
    judge = load_judge(name, write(tmp_path, content, name))
    answers = tuple(Answer("a") for _ in range(next(iter(judge.modes.values())).answers[0]))
    rubric = Rubric("Right?", ("1", "2", "3", "4", "5"))
    comparison = Comparison("c", "q", (Message("user", "x"),), answers, None, "r", rubric)
    for mode_name in judge.modes:
        assert isinstance(render(judge, mode_name, comparison, "AB"[: len(answers)]), Prompt)


def test_m_prometheus_asks_in_the_words_of_prometheus_2_and_has_no_copy_of_them(root: Path) -> None:
    own, other = load_judge("m-prometheus"), load_judge("prometheus-2")
    assert own.partials == other.partials
    assert "fair" not in (root / "conf" / "judges" / "m-prometheus.yaml").read_text("utf-8")


def test_partials_are_taken_from_the_judge_beside_the_file_first(tmp_path: Path) -> None:
    write(tmp_path, MINE | {"name": "other", "partials": {"text": "hers", "end": "end"}}, "other")
    content = MINE | mode_of(prompt='{% include "text" %}') | {"partials_from": "other", "partials": {"end": "own"}}
    assert load_judge("mine", write(tmp_path, content)).partials == {"text": "hers", "end": "own"}
    with pytest.raises(UserError, match=r"partials_from: there is no judge 'othr'\. Did you mean 'other'"):
        load_judge("mine", write(tmp_path, content | {"partials_from": "othr"}))


def test_a_template_that_asks_for_what_a_comparison_has_not_is_named() -> None:
    judge = mine(**mode_of(prompt="{{ rubric.criteria }}", rubric="optional"))
    comparison = Comparison("c", "q", (Message("user", "x"),), (Answer("a"), Answer("b")))
    with pytest.raises(UserError, match="The template of judge 'mine', mode 'pair', cannot be rendered"):
        render(judge, "pair", comparison, "AB")
