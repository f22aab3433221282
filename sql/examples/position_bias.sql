-- One row per judge: how often its verdict changes when the two answers change places, and which place that favours.
-- Read it before trusting a judge. consistency + bias_to_first + bias_to_second = 1 over comparisons with an answer or a
-- tie chosen in both orders; a judge that prefers whatever is shown first has a large bias_to_first.
WITH both AS (
  SELECT
    judge,
    mode,
    judge_fingerprint,
    is_consistent,
    -- A score from +1 (the answer shown first won) to -1 (the one shown second), summed over both orders.
    CASE verdict_ab WHEN 'A' THEN 1 WHEN 'B' THEN -1 ELSE 0 END
      + CASE verdict_ba WHEN 'B' THEN 1 WHEN 'A' THEN -1 ELSE 0 END AS towards_first
  FROM judgments_both_orders
  WHERE is_consistent IS NOT NULL
    AND verdict_ab IN ('A', 'B', 'tie')
    AND verdict_ba IN ('A', 'B', 'tie')
)
SELECT
  judge,
  mode,
  left(judge_fingerprint, 8) AS fingerprint,
  count(*) AS comparisons,
  round(avg(CAST(is_consistent AS INT)), 4) AS consistency,
  round(avg(CAST(NOT is_consistent AND towards_first > 0 AS INT)), 4) AS bias_to_first,
  round(avg(CAST(NOT is_consistent AND towards_first < 0 AS INT)), 4) AS bias_to_second
FROM both
GROUP BY judge, mode, judge_fingerprint
ORDER BY consistency DESC, judge
