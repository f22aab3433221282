-- One row per judge, slice and what makes figures comparable (label rule, failure rule, both predicates): the judge's main
-- figure (see agreement_over_time) in every slice that has one, from the latest such evaluation; agreement by its first
-- swap rule. Place 1 is the lowest value after shrinking: a low value of few comparisons is mostly chance. Agreement is
-- compared with that on all comparisons outside of the slice; p_corrected is by Holm over all slices of the judge, so that
-- where all slices are equal at most one evaluation in twenty calls one of them worse. Where is a judge worse?
--   SELECT judge, slice, value, difference, p_corrected, overall, n FROM worst_slices WHERE is_worse ORDER BY judge, place
CREATE OR REPLACE VIEW {worst_slices} (
  judge               COMMENT 'Name of the judge',
  judge_fingerprint   COMMENT 'SHA-256 of everything that can change its verdicts',
  slice               COMMENT 'dimension=value',
  metric              COMMENT 'What the value is: {headline_words}',
  swap_rule           COMMENT 'How the two orders were combined, for agreement by the first swap rule of the evaluation; NULL if no rule applies',
  value               COMMENT 'The metric in the slice; higher is better',
  low                 COMMENT 'Lower end of its 95 % interval',
  high                COMMENT 'Upper end of its 95 % interval',
  overall             COMMENT 'The same metric of the judge over everything that was evaluated',
  shrunk              COMMENT 'Agreement in the slice, drawn towards the judge''s overall agreement as far as chance explains the difference; NULL for other metrics',
  difference          COMMENT 'Agreement in the slice minus that on all comparisons outside of it; NULL for other metrics',
  p_value             COMMENT 'Two-sided p-value of the difference, not corrected',
  p_corrected         COMMENT 'The same, corrected by Holm over all slices of the judge',
  is_worse            COMMENT 'Whether the difference is below zero and p_corrected below 0.05; NULL where it was not tested',
  n                   COMMENT 'Judgments it is based on; answers for spearman and aspect_accuracy',
  clusters            COMMENT 'Questions it is based on',
  place               COMMENT '1 is the slice with the judge''s lowest shrunk value, or value where none is shrunk',
  label_rule          COMMENT 'Which labels it was compared with',
  failure_rule        COMMENT 'What a failed judgment counted as in this metric',
  comparisons_where   COMMENT 'SQL predicate on the comparisons; NULL if all were evaluated',
  judgments_where     COMMENT 'SQL predicate on the judgments; NULL if all were evaluated',
  comparisons_version COMMENT 'Version of the comparisons read',
  judgments_version   COMMENT 'Version of the judgments read',
  labels_version      COMMENT 'Version of the labels read',
  run_id              COMMENT 'The evaluation'
) COMMENT 'The slices of each judge, the lowest shrunk value first' AS
WITH compared AS (
  SELECT
    run_id, judge_fingerprint, slice,
    max(value) FILTER (WHERE metric = 'agreement_shrunk') AS shrunk,
    max(value) FILTER (WHERE metric = 'slice_difference') AS difference,
    max(p_value) FILTER (WHERE metric = 'slice_difference') AS p_value,
    max(p_corrected) FILTER (WHERE metric = 'slice_difference') AS p_corrected
  FROM {metrics}
  WHERE metric IN ('agreement_shrunk', 'slice_difference')
  GROUP BY run_id, judge_fingerprint, slice
)
SELECT
  s.judge, s.judge_fingerprint, s.slice, s.metric, s.swap_rule, s.value, s.low, s.high, h.value AS overall,
  c.shrunk, c.difference, c.p_value, c.p_corrected,
  CASE WHEN c.p_corrected IS NOT NULL THEN c.difference < 0 AND c.p_corrected < 0.05 END AS is_worse,
  s.n, s.clusters,
  row_number() OVER (
    PARTITION BY s.run_id, s.judge_fingerprint ORDER BY coalesce(c.shrunk, s.value), s.value, s.slice
  ) AS place,
  s.label_rule, s.failure_rule, s.comparisons_where, s.judgments_where, s.comparisons_version, s.judgments_version,
  s.labels_version, s.run_id
FROM {judge_leaderboard} AS h
JOIN {metrics} AS s
  ON s.run_id = h.run_id AND s.judge_fingerprint = h.judge_fingerprint AND s.metric = h.metric
  -- A metric reported for several rules: only the headline's rule. A metric with one rule may have another one.
  AND (s.metric NOT IN ({headlines_of_each_rule}) OR (s.is_headline AND s.swap_rule = h.swap_rule))
LEFT JOIN compared AS c
  ON c.run_id = s.run_id AND c.judge_fingerprint = s.judge_fingerprint AND c.slice = s.slice AND s.metric IN ({headlines_of_pairs})
WHERE s.slice != 'all' AND s.subject IS NULL AND s.value IS NOT NULL
