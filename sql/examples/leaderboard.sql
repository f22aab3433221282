-- One row per judge and swap rule: its figure in the latest evaluation, and its place among those it can be compared
-- with: rows of one evaluation (so of the same versions and labels), one metric and the same swap rule. Read it to choose
-- a judge. There is no place where the judges were not asked the same comparisons: agreement_difference in metrics
-- compares any two on the comparisons they share, and says whether judges whose intervals overlap differ. A better place
-- over fewer comparisons (n, coverage) may be luck; reason says why a value is missing.
WITH apart AS (
  -- Evaluations with two judges that share fewer labelled comparisons than one of them was asked.
  SELECT DISTINCT one.run_id, one.metric
  FROM judge_leaderboard AS one
  JOIN metrics AS pair
    ON pair.run_id = one.run_id AND pair.judge_fingerprint = one.judge_fingerprint
    AND pair.metric = 'agreement_difference' AND pair.slice = 'all'
  JOIN judge_leaderboard AS other
    ON other.run_id = one.run_id AND other.metric = one.metric
    AND (pair.subject = other.judge OR startswith(pair.subject, other.judge || ' ('))
  WHERE one.metric = 'agreement' AND one.asked > 0 AND other.asked > 0 AND pair.asked < greatest(one.asked, other.asked)
)
SELECT
  metric,
  CASE
    WHEN value IS NOT NULL AND min(nullif(asked, 0)) OVER same = max(asked) OVER same AND NOT EXISTS (
      SELECT 1 FROM apart WHERE apart.run_id = judge_leaderboard.run_id AND apart.metric = judge_leaderboard.metric
    )
    THEN rank() OVER (PARTITION BY run_id, metric, swap_rule, failure_rule ORDER BY value DESC NULLS LAST)
  END AS place,
  count(value) OVER same AS judges,
  judge,
  mode,
  swap_rule,
  round(value, 4) AS value,
  round(low, 4) AS low,
  round(high, 4) AS high,
  n,
  asked,
  round(coverage, 4) AS coverage,
  round(consistency, 4) AS consistency,
  label_rule,
  failure_rule,
  reason,
  comparisons_version,
  judgments_version,
  labels_version,
  run_id,
  computed_at
FROM judge_leaderboard
WINDOW same AS (PARTITION BY run_id, metric, swap_rule, failure_rule)
ORDER BY computed_at DESC, run_id, metric, swap_rule, failure_rule, place NULLS LAST, judge
