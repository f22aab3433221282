-- One row a judge, slice and what makes figures comparable (label rule, failure rule, both predicates), of the latest such
-- evaluation and by its first swap rule. Place 1 is the lowest agreement. Where does a judge fail for certain? Where even
-- the upper end is below its overall agreement:
--   SELECT judge, slice, agreement, high, overall, n FROM worst_slices WHERE high < overall ORDER BY judge, agreement
CREATE OR REPLACE VIEW {worst_slices} (
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change its verdicts',
  slice             COMMENT 'dimension=value',
  swap_rule         COMMENT 'How the two orders were put together: the first swap rule of the evaluation',
  agreement         COMMENT 'Share of verdicts that are the label''s, in the slice',
  low               COMMENT 'Lower end of its 95 % interval',
  high              COMMENT 'Upper end of its 95 % interval',
  overall           COMMENT 'The judge''s agreement over all that was evaluated',
  n                 COMMENT 'Judgments it rests on',
  clusters          COMMENT 'Questions it rests on',
  place             COMMENT '1 is the judge''s worst slice',
  label_rule        COMMENT 'Which labels it was held against',
  failure_rule      COMMENT 'What a failed judgment counted as',
  comparisons_where COMMENT 'SQL predicate on the comparisons; NULL where all were evaluated',
  judgments_where   COMMENT 'SQL predicate on the judgments; NULL where all were evaluated',
  run_id            COMMENT 'The evaluation'
) COMMENT 'Where each judge agrees least with the labels' AS
WITH latest AS (
  SELECT * FROM {metrics}
  WHERE metric = 'agreement' AND is_headline
  QUALIFY rank() OVER (
    PARTITION BY judge_fingerprint, label_rule, failure_rule, comparisons_where, judgments_where
    ORDER BY computed_at DESC, run_id
  ) = 1
)
SELECT
  s.judge, s.judge_fingerprint, s.slice, s.swap_rule, s.value AS agreement, s.low, s.high, a.value AS overall,
  s.n, s.clusters,
  row_number() OVER (PARTITION BY s.run_id, s.judge_fingerprint ORDER BY s.value, s.slice) AS place,
  s.label_rule, s.failure_rule, s.comparisons_where, s.judgments_where, s.run_id
FROM latest AS s
JOIN latest AS a
  ON a.run_id = s.run_id AND a.judge_fingerprint = s.judge_fingerprint AND a.slice = 'all'
WHERE s.slice != 'all' AND s.value IS NOT NULL
