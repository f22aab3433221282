-- One row per comparison, judge, mode and repeat: the comparison's original order (AB, or ABC, ...) next to its reverse.
-- Further random orders are only in judgments_latest. Position bias at a glance:
--   SELECT judge, avg(CAST(is_consistent AS INT)) FROM judgments_both_orders GROUP BY ALL
-- Each row shows the last judgments of both orders if both are about the same text of the comparison: after an edit
-- that was judged in one order only, the other order's older judgment is left out. It is not known which text imported
-- judgments are about, so the last of each order are shown, unless they show different numbers of answers.
CREATE OR REPLACE VIEW {judgments_both_orders} (
  comparison_id     COMMENT 'The comparison that was judged',
  question_id       COMMENT 'Its question',
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change this judge''s verdicts',
  mode              COMMENT 'How the judge was asked',
  repeat            COMMENT 'Number of the repeat, from 0',
  status_ab         COMMENT 'Status in the original order; NULL if it was not judged, or only with an earlier text',
  status_ba         COMMENT 'Status in the reversed order; NULL if it was not judged, or only with an earlier text',
  verdict_ab        COMMENT 'Verdict in the original order',
  verdict_ba        COMMENT 'Verdict in the reversed order, mapped back to the original order',
  scores_ab         COMMENT 'Scores in the original order',
  scores_ba         COMMENT 'Scores in the reversed order, mapped back to the original order',
  is_consistent     COMMENT 'Whether both orders gave the same verdict; NULL unless both gave one'
) COMMENT 'Both orders of a comparison side by side' AS
WITH shown AS (
  SELECT
    comparison_id, question_id, judge, judge_fingerprint, mode, repeat, judged_at,
    shown_order = array_join(array_sort(split(shown_order, '')), '') AS is_own,
    struct(status, verdict, scores, length(shown_order) AS answers, content_sha256, judged_at) AS last
  FROM {judgments_latest}
  WHERE shown_order = array_join(array_sort(split(shown_order, '')), '')
     OR shown_order = reverse(array_join(array_sort(split(shown_order, '')), ''))
),
paired AS (
  SELECT
    comparison_id, judge_fingerprint, mode, repeat,
    max_by(question_id, judged_at) AS question_id,
    max_by(judge, judged_at) AS judge,
    max_by(last, judged_at) FILTER (WHERE is_own) AS ab,
    max_by(last, judged_at) FILTER (WHERE NOT is_own) AS ba
  FROM shown
  GROUP BY comparison_id, judge_fingerprint, mode, repeat
),
compared AS (
  SELECT *, ab.answers <> ba.answers OR coalesce(ab.content_sha256 <> ba.content_sha256, FALSE) AS is_edited
  FROM paired
),
kept AS (
  SELECT
    comparison_id, question_id, judge, judge_fingerprint, mode, repeat,
    CASE WHEN is_edited AND ab.judged_at < ba.judged_at THEN NULL ELSE ab END AS ab,
    CASE WHEN is_edited AND ba.judged_at <= ab.judged_at THEN NULL ELSE ba END AS ba
  FROM compared
)
SELECT
  comparison_id, question_id, judge, judge_fingerprint, mode, repeat,
  ab.status AS status_ab,
  ba.status AS status_ba,
  ab.verdict AS verdict_ab,
  ba.verdict AS verdict_ba,
  ab.scores AS scores_ab,
  ba.scores AS scores_ba,
  ab.verdict = ba.verdict AS is_consistent
FROM kept
