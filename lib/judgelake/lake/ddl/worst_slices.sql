-- One row per judge, slice and what makes figures comparable (label rule, failure rule, both predicates): the judge's main
-- figure (see agreement_over_time) in every slice that has one, from the latest such evaluation; agreement by its first
-- swap rule. Place 1 is the lowest value. Slices whose whole interval is below the figure over everything, to look at
-- first; among many slices some are there by chance alone:
--   SELECT judge, metric, slice, value, high, overall, n FROM worst_slices WHERE high < overall ORDER BY judge, place
CREATE OR REPLACE VIEW {worst_slices} (
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of everything that can change its verdicts',
  slice             COMMENT 'dimension=value',
  metric            COMMENT 'What the value is: {headline_words}',
  swap_rule         COMMENT 'How the two orders were combined, for agreement by the first swap rule of the evaluation; NULL if no rule applies',
  value             COMMENT 'The metric in the slice; higher is better',
  low               COMMENT 'Lower end of its 95 % interval',
  high              COMMENT 'Upper end of its 95 % interval',
  overall           COMMENT 'The same metric of the judge over everything that was evaluated',
  n                 COMMENT 'Judgments it is based on; answers for spearman and aspect_accuracy',
  clusters          COMMENT 'Questions it is based on',
  place             COMMENT '1 is the slice with the judge''s lowest value',
  label_rule        COMMENT 'Which labels it was compared with',
  failure_rule      COMMENT 'What a failed judgment counted as in this metric',
  comparisons_where COMMENT 'SQL predicate on the comparisons; NULL if all were evaluated',
  judgments_where   COMMENT 'SQL predicate on the judgments; NULL if all were evaluated',
  run_id            COMMENT 'The evaluation'
) COMMENT 'The slices of each judge, the lowest value first' AS
SELECT
  s.judge, s.judge_fingerprint, s.slice, s.metric, s.swap_rule, s.value, s.low, s.high, h.value AS overall,
  s.n, s.clusters,
  row_number() OVER (PARTITION BY s.run_id, s.judge_fingerprint ORDER BY s.value, s.slice) AS place,
  s.label_rule, s.failure_rule, s.comparisons_where, s.judgments_where, s.run_id
FROM {judge_leaderboard} AS h
JOIN {metrics} AS s
  ON s.run_id = h.run_id AND s.judge_fingerprint = h.judge_fingerprint AND s.metric = h.metric
  -- A metric reported for several rules: only the headline's rule. A metric with one rule may have another one.
  AND (s.metric NOT IN ({headlines_of_each_rule}) OR (s.is_headline AND s.swap_rule = h.swap_rule))
WHERE s.slice != 'all' AND s.subject IS NULL AND s.value IS NOT NULL
