"""One lake with all that was published: ingested, evaluated, and read back from the metrics table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F
from small_lake import evaluate_job, metrics_of

from judgelake.config import Tables
from judgelake.jobs.evaluate.evaluation import compute
from judgelake.jobs.ingest import Ingested, IngestJob, ingest
from judgelake.sources import FORMATS, Files, Format, Item, Loaded, format_named

# Auto-J's groups of scenarios: arXiv 2310.05470, table 9.
GROUPS = {
    "Summarization": "post_summarization text_summarization note_summarization",
    "Exam Questions": "math_reasoning solving_exam_question_with_math solving_exam_question_without_math",
    "Code": "code_simplification code_generation explaining_code code_correction_rewriting code_to_code_translation",
    "Rewriting": "text_simplification language_polishing instructional_rewriting text_correction paraphrasing",
    "Creative Writing": "writing_song_lyrics writing_social_media_post creative_writing counterfactual "
    "writing_personal_essay writing_blog_post writing_advertisement writing_marketing_materials "
    "writing_presentation_script",
    "Functional Writing": "writing_product_description writing_news_article writing_biography writing_legal_document "
    "writing_technical_document writing_job_application writing_scientific_paper functional_writing "
    "writing_cooking_recipe writing_email",
    "General Communication": "asking_how_to_question open_question analyzing_general explaining_general "
    "seeking_advice recommendation value_judgement verifying_fact chitchat roleplay planning brainstorming",
}
GROUP_OF = {scenario: group for group, scenarios in GROUPS.items() for scenario in scenarios.split()}
JUDGELM_EVAL = ("llmbar_GPT-4_Vanilla", "autoj_pairwise")


class Told:
    """What one evaluation wrote into the metrics table."""

    def __init__(self, rows: Mapping[tuple[str | None, ...], Any]) -> None:
        self.rows = rows

    def row(
        self,
        metric: str,
        judge: str | None = None,
        rule: str | None = None,
        *,
        subject: str | None = None,
        where: str = "all",
    ) -> Any:
        return self.rows[judge, metric, subject, where, rule]

    def value(self, metric: str, *place: str, **more: str) -> float:
        return self.row(metric, *place, **more)["value"]

    def n(self, metric: str, *place: str, **more: str) -> int:
        """The comparisons that count, where these are all that were asked."""
        row = self.row(metric, *place, **more)
        assert (row["asked"], row["coverage"]) == (row["n"], 1)
        return row["n"]

    def count(self, metric: str, *place: str, **more: str) -> int:
        """A share as the number of comparisons that it is."""
        row = self.row(metric, *place, **more)
        found = row["value"] * row["n"]
        assert found == pytest.approx(round(found), abs=1e-9)
        return round(found)

    def cells(self, judge: str, rule: str, where: str = "all") -> Counter[tuple[str, ...]]:
        """The confusion: (label, verdict) to comparisons. A class that never occurs has no cell, and counts 0."""
        found = {
            tuple(subject.split(">")): row["value"]
            for (of, metric, subject, slice_name, swap_rule), row in self.rows.items()
            if (of, metric, slice_name, swap_rule) == (judge, "confusion", where, rule)
        }
        return Counter(found)

    def failed(self, judge: str, rule: str, where: str = "all") -> int:
        """Judgments without a verdict, whatever they count as: what lies between the bounds of the agreement."""
        row = self.row("agreement", judge, rule, where=where)
        return round((row["if_failures_right"] - row["if_failures_wrong"]) * row["asked"])


@dataclass(frozen=True, slots=True)
class Part:
    """Published files of one format: comparisons with labels, and judgments of them."""

    name: str
    form: str
    inputs: Sequence[Path]
    judgments: Sequence[Path]


class Published:
    """All that was published in one lake, and what its evaluations told."""

    def __init__(self, spark: Any, tables: Tables, shared: Path, folder: Path) -> None:
        self.spark, self.tables, self.folder, self.shared = spark, tables, folder, shared
        self.ids: dict[str, set[str]] = {}
        self.ingested = self.ingest(self.parts())
        self.evaluate()

    def parts(self) -> list[Part]:
        """All files; those that are changed come after the same ones as they are."""
        pandalm, autoj, llmbar = (self.shared / "data" / name for name in ("pandalm", "autoj", "llmbar"))
        by_gpt = [pandalm / "gpt-3.5-turbo-testset-v1.json"]
        outputs = [autoj / "pairwise_example_output.jsonl", autoj / "pairwise_exchange_example_output.jsonl"]
        return [
            Part("PandaLM as it is", "pandalm", [pandalm / "testset-v1.json"], by_gpt),
            Part("Auto-J as it is", "autoj", [autoj / "testdata_pairwise.jsonl"], outputs),
            Part("PandaLM", "pandalm", [self.pandalm_all_text()], by_gpt),
            Part("Auto-J", "autoj", [self.autoj_each_row_its_own()], outputs),
            Part("LLMBar", "llmbar", sorted(llmbar.glob("*.json")), [llmbar / "published_winners.jsonl"]),
            Part("JudgeLM", "judgelake", *self.judgelm_eval()),
        ]

    def ingest(self, parts: Sequence[Part]) -> Ingested:
        """Bring all parts in at once: what Spark does for an ingest takes as long for a few rows as for thousands."""

        def load(files: Files) -> Iterator[Item]:
            for part in parts:
                of_part = Files(inputs=tuple(part.inputs), judgments=tuple(part.judgments))
                items = map(with_group, format_named(part.form).load(of_part))
                yield from (self.noted(part.name, item) for item in items)

        files = Files(
            inputs=tuple(chain.from_iterable(part.inputs for part in parts)),
            judgments=tuple(chain.from_iterable(part.judgments for part in parts)),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(FORMATS, "published", Format("published", load, takes=("judgments",)))
            return ingest(self.spark, IngestJob(tables=self.tables), "published", files)

    def noted(self, part: str, item: Item) -> Item:
        """The item, the id of whose comparison is kept under the name of its part."""
        of_part = self.ids.setdefault(part, set())
        if isinstance(item, Loaded) and item.comparison is not None:
            of_part.add(item.comparison.comparison_id)
        return item

    def changed(self, part: str) -> set[str]:
        """The comparisons of a part that its files as they are do not give."""
        return self.ids[part] - self.ids[f"{part} as it is"]

    def evaluate(self) -> None:
        """Each set of labels and rules once."""
        human = {"where": "source = 'pandalm'", "failure_rule": "tie", "swap_rules": ["first"]}
        self.pandalm = self.evaluated(**human, labels={"kind": "human"})
        self.unanimous = self.evaluated(**human, labels={"kind": "human", "rule": "unanimous"})
        self.both_orders = self.evaluated(
            where="source IN ('autoj', 'llmbar')",
            failure_rule="wrong",
            swap_rules=["first", "second", "both_right"],
            slices={"by": ["attributes.subset", "attributes.group"], "least": 1},
        )
        changed = ", ".join(f"'{name}'" for name in sorted(self.changed("PandaLM") | self.changed("Auto-J")))
        self.as_it_is = self.judgelm = self.evaluated(
            where=f"source IN {('pandalm', 'autoj', *JUDGELM_EVAL)} AND comparison_id NOT IN ({changed})",
            labels={"kind": "gold"},
            failure_rule="tie",
            swap_rules=["first", "both_right"],
            slices={"by": ["source"], "least": 1},
        )

    def evaluated(self, **changes: Any) -> Told:
        done = compute(self.spark, evaluate_job(self.tables, **changes))
        done.write(self.spark)
        done.release()
        return Told(metrics_of(self.spark, self.tables, done.run_id))

    def counted(self) -> dict[str, tuple[int, int]]:
        """By source: comparisons in the table, and judgments of them."""
        comparisons, judgments = (self.spark.table(name) for name in (self.tables.comparisons, self.tables.judgments))
        asked = judgments.groupBy("comparison_id").agg(F.count("*").alias("judgments"))
        of_source = comparisons.join(asked, "comparison_id", "left").groupBy("source")
        rows = of_source.agg(F.count("*").alias("comparisons"), F.sum("judgments").alias("judgments")).collect()
        return {row["source"]: (row["comparisons"], row["judgments"]) for row in rows}

    def rejected(self) -> Counter[str]:
        """Rejected rows by the name of their file."""
        rows = self.spark.table(self.tables.rejected_rows).select("file").collect()
        return Counter(Path(row["file"]).name for row in rows)

    def pandalm_all_text(self) -> Path:
        """PandaLM's test set with a text in the place of what is none; nothing else is another."""
        rows = json.loads((self.shared / "data" / "pandalm" / "testset-v1.json").read_text("utf-8"))
        for row in rows:
            row |= {name: str(row[name]) for name in ("response1", "response2")}
            row["instruction"] = row["instruction"] if row["instruction"].strip() else "(empty)"
        path = self.folder / "testset.json"
        path.write_text(json.dumps(rows), "utf-8")
        return path

    def autoj_each_row_its_own(self) -> Path:
        """Auto-J's test set with a word more in each question that stood there before with the same answers."""
        rows, seen = lines(self.shared / "data" / "autoj" / "testdata_pairwise.jsonl"), Counter[tuple[str, ...]]()
        for row in rows:
            content = (row["prompt"], row["response 1"], row["response 2"])
            seen[content] += 1
            row["prompt"] += f" ({seen[content]})" if seen[content] > 1 else ""
        return self.written("testdata.jsonl", rows)

    def judgelm_eval(self) -> tuple[list[Path], list[Path]]:
        """The inputs of JudgeLM's own script in our keys: its score lines as labels and as raw outputs.

        The labels are gold like those of PandaLM and Auto-J, since an evaluation takes labels of one kind.
        """
        comparisons, judgments = [], []
        for name in JUDGELM_EVAL:
            of_kind = {
                kind: lines(self.shared / "golden" / "judgelm_eval" / f"{name}.{kind}.jsonl")
                for kind in ("gt", "pred", "rev")
            }
            for row in of_kind["gt"]:
                key, scores = f"{name} {row['question_id']}", [*map(float, row["text"].split())]
                question = {"messages": [{"role": "user", "content": key}], "answers": [{"text": "1"}, {"text": "2"}]}
                labels = [{"labeler": "gpt-4", "kind": "gold", "scores": scores}]
                comparisons.append({"comparison_id": key, "source": name, "labels": labels, **question})
            for kind, order in (("pred", "AB"), ("rev", "BA")):
                for row in of_kind[kind]:
                    judgment = {"comparison_id": f"{name} {row['question_id']}", "shown_order": order}
                    judgment |= {"judge": "judgelm", "mode": "pair", "raw_output": row["pred_text"]}
                    judgments.append(judgment)
        return [self.written("comparisons.jsonl", comparisons)], [self.written("judgments.jsonl", judgments)]

    def written(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        path = self.folder / name
        path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
        return path

    def llmbar_verdicts(self) -> dict[tuple[str, str], list[tuple[str, str | None, str | None]]]:
        """By evaluator and set: (label, verdict in the original order, in the reversed one) of each comparison."""
        subset, label = "attributes['subset'] AS subset", "verdict AS label"
        comparisons = self.spark.table(self.tables.comparisons).where("source = 'llmbar'")
        labels = self.spark.table(self.tables.labels).selectExpr("comparison_id", label)
        rows = (
            comparisons.selectExpr("comparison_id", subset)
            .join(labels, "comparison_id")
            .join(self.spark.table(self.tables.judgments_both_orders), "comparison_id")
        )
        found: dict[tuple[str, str], list[tuple[str, str | None, str | None]]] = {}
        for row in rows.select("judge", "subset", "label", "verdict_ab", "verdict_ba").collect():
            found.setdefault((row["judge"], row["subset"]), []).append(tuple(row)[2:])
        return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def with_group(item: Item) -> Item:
    """An item of Auto-J with the group of its comparison's scenario, to cut by; any other as it is."""
    if not isinstance(item, Loaded) or item.comparison is None or item.comparison.source != "autoj":
        return item
    attributes = item.comparison.attributes
    group = GROUP_OF.get(attributes["scenario"], "NLP Tasks")
    return replace(item, comparison=replace(item.comparison, attributes={**attributes, "group": group}))
