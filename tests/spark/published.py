"""One lake with all that was published: ingested, evaluated, and read back from the metrics table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from judgelake.config import Tables, validated
from judgelake.evaluating.evaluate import evaluate
from judgelake.evaluation import EvaluateJob
from judgelake.ingest import Ingested, IngestJob, ingest
from judgelake.sources import Files

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
JUDGELM_EVAL = ("llmbar_GPT-4_Vanilla", "autoj_pairwise")


class Told:
    """What one evaluation wrote into the metrics table."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = {(r["judge"], r["metric"], r["subject"], r["slice"], r["swap_rule"]): r for r in rows}

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


class Published:
    """All that was published in one lake, and what its evaluations told."""

    def __init__(self, spark: Any, tables: Tables, shared: Path, folder: Path) -> None:
        self.spark, self.tables, self.folder, self.shared = spark, tables, folder, shared
        self.ingested: dict[str, Ingested] = {}
        pandalm, autoj, llmbar = (shared / "data" / name for name in ("pandalm", "autoj", "llmbar"))
        by_gpt = [pandalm / "gpt-3.5-turbo-testset-v1.json"]
        outputs = [autoj / "pairwise_example_output.jsonl", autoj / "pairwise_exchange_example_output.jsonl"]
        self.ingest("PandaLM as it is", "pandalm", [pandalm / "testset-v1.json"], by_gpt)
        self.ingest("Auto-J as it is", "autoj", [autoj / "testdata_pairwise.jsonl"], outputs)
        self.as_it_is = self.evaluated(labels={"kind": "gold"}, failure_rule="tie", swap_rules=["first", "both_right"])
        self.ingest("PandaLM", "pandalm", [self.pandalm_all_text()], by_gpt)
        self.ingest("Auto-J", "autoj", [self.autoj_each_row_its_own()], outputs)
        self.ingest("LLMBar", "llmbar", sorted(llmbar.glob("*.json")), [llmbar / "published_winners.jsonl"])
        self.ingest("JudgeLM", "judgelake", *self.judgelm_eval())
        self.group_scenarios()
        self.evaluate()

    def evaluate(self) -> None:
        human = {"where": "source = 'pandalm'", "failure_rule": "tie", "swap_rules": ["first"]}
        self.pandalm = self.evaluated(**human, labels={"kind": "human"})
        self.unanimous = self.evaluated(**human, labels={"kind": "human", "rule": "unanimous"})
        self.both_orders = self.evaluated(
            where="source IN ('autoj', 'llmbar')",
            failure_rule="wrong",
            swap_rules=["first", "second", "both_right"],
            slices={"by": ["attributes.subset", "attributes.group"], "least": 1},
        )
        self.judgelm = self.evaluated(
            where=f"source IN {JUDGELM_EVAL}",
            failure_rule="tie",
            swap_rules=["first"],
            slices={"by": ["source"], "least": 1},
        )

    def ingest(self, name: str, form: str, inputs: Iterable[Path], judgments: Iterable[Path]) -> None:
        files = Files(inputs=tuple(inputs), judgments=tuple(judgments))
        self.ingested[name] = ingest(self.spark, IngestJob(tables=self.tables), form, files)

    def evaluated(self, **changes: Any) -> Told:
        content = {"tables": self.tables.model_dump(), "mlflow": {"enabled": False}, **changes}
        done = evaluate(self.spark, validated(EvaluateJob, content, "test"))
        done.verdicts.unpersist()
        return Told(self.spark.read.table(self.tables.metrics).where(f"run_id = '{done.run_id}'").collect())

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
        """The inputs of JudgeLM's own script in our keys: its score lines as labels and as raw outputs."""
        comparisons, judgments = [], []
        for name in JUDGELM_EVAL:
            of_kind = {
                kind: lines(self.shared / "golden" / "judgelm_eval" / f"{name}.{kind}.jsonl")
                for kind in ("gt", "pred", "rev")
            }
            for row in of_kind["gt"]:
                key, scores = f"{name} {row['question_id']}", [*map(float, row["text"].split())]
                question = {"messages": [{"role": "user", "content": key}], "answers": [{"text": "1"}, {"text": "2"}]}
                labels = [{"labeler": "gpt-4", "kind": "teacher", "scores": scores}]
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

    def group_scenarios(self) -> None:
        """Give Auto-J's comparisons the group of their scenario, to cut by."""
        groups = {scenario: group for group, scenarios in GROUPS.items() for scenario in scenarios.split()}
        named = ", ".join(f"'{scenario}', '{group}'" for scenario, group in groups.items())
        group = f"coalesce(element_at(map({named}), attributes['scenario']), 'NLP Tasks')"
        with_group = f"map_concat(attributes, map('group', {group}))"
        self.spark.sql(f"UPDATE {self.tables.comparisons} SET attributes = {with_group} WHERE source = 'autoj'")

    def llmbar_verdicts(self) -> dict[tuple[str, str], list[tuple[str, str | None, str | None]]]:
        """By evaluator and set: (label, verdict in the own order, in the reversed one) of each comparison."""
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
