-- One row per judge and swap rule: its figure in the latest evaluation, and its place among those it can be compared
-- with: rows of one metric, with the same swap rule, labels, failure rule and predicates. Read it to choose a judge.
-- Two judges whose intervals overlap may still differ: agreement_difference in metrics compares them on the comparisons
-- they share. A better place over fewer comparisons (n, coverage) may be luck; reason says why a value is missing.
SELECT
  metric,
  CASE WHEN value IS NOT NULL THEN rank() OVER (
    PARTITION BY metric, swap_rule, label_rule, failure_rule, comparisons_where, judgments_where
    ORDER BY value DESC NULLS LAST
  ) END AS place,
  judge,
  mode,
  swap_rule,
  round(value, 4) AS value,
  round(low, 4) AS low,
  round(high, 4) AS high,
  n,
  round(coverage, 4) AS coverage,
  round(consistency, 4) AS consistency,
  label_rule,
  failure_rule,
  reason
FROM judge_leaderboard
ORDER BY metric, swap_rule, label_rule, failure_rule, comparisons_where, judgments_where, place NULLS LAST, judge
