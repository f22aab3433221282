"""The built-in judges as Markdown: `python -m judgelake.judges.describe > docs/judges.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from judgelake.judges.catalog import list_judges
from judgelake.judges.spec import JudgeSpec, ModeSpec
from judgelake.markdown import cell

INTRODUCTION = """\
<!-- Generated from the files in conf/judges; do not edit. After a change there run:
     python -m judgelake.judges.describe > docs/judges.md -->

# Judges

A judge is one file: the prompt, the decoding, the parser and the model it was made for. `judgelake judges` lists them,
`judgelake judges NAME` shows one with its notes: what was published, and what is done otherwise here and why. Prompts
are byte-equal to those of the original code at the named commit, which tests hold by hashes; where an output is read
otherwise than by the original, [outputs.md](outputs.md) says so. The licence is that of the prompt; weights have their
own.

```bash
judgelake judges rm-r1
judgelake prompts --judge rm-r1 --mode pair samples/comparisons.jsonl | head -1
python jobs/judge.py --set judge.name=rm-r1 --set judge.mode=pair
```

## All judges
"""

SERVING = """
## Which chat template

- A mode asked by *completion* has the marks of its model in the prompt: nothing is put around it, the server's
  `/v1/completions` is asked, and a vLLM server adds BOS itself where the tokenizer does.
- A mode asked by *chat* sends messages to `/v1/chat/completions`: the chat template of the served model is applied. It
  must be that of the family in the table, which the model's own tokenizer has; do not replace it.
- *any* family: the prompt is for whatever instruct model you name in `judge.model`.
- A judge that thinks writes its thinking first; give it enough tokens. An output cut off there is `truncated`.
- `judgelake prompts --tokens` shows the token ids that the server is sent.
"""

WITHHELD = """
## Judges whose prompt is not included

Their licence does not let us ship the text, so the file describes the judge and has no template. `judgelake parse`
reads their outputs, and judgments made elsewhere can be ingested. To ask one:

1. `judgelake judges NAME` names its file: copy it to a folder of your own, under the same name.
2. Add `messages` (or `prompt`) with the published text to every mode; the notes say which of our values goes where.
3. Remove the line `withheld`, and name the folder: `--judges DIR`, or `judge.folder` in `conf/judge.yaml`.

| Judge | Why | Where its text stands |
| --- | --- | --- |
"""

SHORT_COMMIT = 12


def judges_markdown(judges: Sequence[JudgeSpec]) -> str:
    """The page about these judges."""
    lines = ["| Judge | What it does | Modes and how they are asked | Family | Thinks | Licence | Source |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |", *map(_row, judges)]
    withheld = [_withheld_row(judge) for judge in judges if judge.withheld is not None]
    return "\n".join([INTRODUCTION, *lines, SERVING]) + WITHHELD + "\n".join(withheld) + "\n"


def _row(judge: JudgeSpec) -> str:
    thinks = "yes" if judge.thinks else "no"
    cells = (f"`{judge.name}`", judge.description, "; ".join(_modes(judge)), judge.family, thinks, judge.licence)
    return f"| {' | '.join(map(cell, (*cells, _source(judge))))} |"


def _modes(judge: JudgeSpec) -> Iterator[str]:
    by_way: dict[str, list[str]] = {}
    for name, mode in judge.modes.items():
        by_way.setdefault(_way(mode), []).append(f"`{name}`")
    for way, names in by_way.items():
        yield f"{', '.join(names)} ({way})"


def _way(mode: ModeSpec) -> str:
    if mode.verdict_from == "decision":
        return "decision endpoint"
    if mode.messages:
        return f"chat: {', '.join(message.role for message in mode.messages)}"
    return "completion" if mode.prompt is not None else "prompt not included"


def _source(judge: JudgeSpec) -> str:
    if judge.source is None:
        return "our own"
    name = "/".join(judge.source.url.rsplit("/", 2)[-2:])
    commit = (judge.source.file or "").partition(":")[0]
    return f"[{name}]({judge.source.url})" + (f" at {commit}" if len(commit) == SHORT_COMMIT else "")


def _withheld_row(judge: JudgeSpec) -> str:
    place = "" if judge.source is None or judge.source.file is None else judge.source.file.rpartition(":")[2]
    return f"| `{judge.name}` | {cell(judge.withheld or '')} | {_source(judge)}, {cell(place)} |"


if __name__ == "__main__":
    sys.stdout.write(judges_markdown(list_judges()))
