-- One row a comparison, judge, mode and repeat: the comparison's own order (AB, or ABC, ...) beside its reverse.
-- Further random orders are left to judgments_latest. Position bias at a glance:
--   SELECT judge, avg(CAST(is_consistent AS INT)) FROM judgments_both_orders GROUP BY ALL
CREATE OR REPLACE VIEW {judgments_both_orders} (
  comparison_id     COMMENT 'The comparison that was judged',
  question_id       COMMENT 'Its question',
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change this judge''s verdicts',
  mode              COMMENT 'How the judge was asked',
  repeat            COMMENT 'Number of the repeat, from 0',
  status_ab         COMMENT 'Status in the own order; NULL where it was not asked',
  status_ba         COMMENT 'Status in the reversed order; NULL where it was not asked',
  verdict_ab        COMMENT 'Verdict in the own order',
  verdict_ba        COMMENT 'Verdict in the reversed order, mapped back to the comparison''s own',
  scores_ab         COMMENT 'Scores in the own order',
  scores_ba         COMMENT 'Scores in the reversed order, mapped back to the comparison''s own',
  is_consistent     COMMENT 'Whether both orders gave the same verdict; NULL unless both gave one'
) COMMENT 'Both orders of a comparison side by side' AS
WITH shown AS (
  SELECT *, shown_order = array_join(array_sort(split(shown_order, '')), '') AS is_own
  FROM {judgments_latest}
  WHERE shown_order = array_join(array_sort(split(shown_order, '')), '')
     OR shown_order = reverse(array_join(array_sort(split(shown_order, '')), ''))
)
SELECT
  comparison_id, question_id, judge, judge_fingerprint, mode, repeat,
  max_by(status, judged_at) FILTER (WHERE is_own) AS status_ab,
  max_by(status, judged_at) FILTER (WHERE NOT is_own) AS status_ba,
  max_by(verdict, judged_at) FILTER (WHERE is_own) AS verdict_ab,
  max_by(verdict, judged_at) FILTER (WHERE NOT is_own) AS verdict_ba,
  max_by(scores, judged_at) FILTER (WHERE is_own) AS scores_ab,
  max_by(scores, judged_at) FILTER (WHERE NOT is_own) AS scores_ba,
  max_by(verdict, judged_at) FILTER (WHERE is_own) = max_by(verdict, judged_at) FILTER (WHERE NOT is_own) AS is_consistent
FROM shown
GROUP BY comparison_id, question_id, judge, judge_fingerprint, mode, repeat
