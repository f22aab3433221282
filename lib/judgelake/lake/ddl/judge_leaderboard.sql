-- One row per judge, swap rule and what makes figures comparable (label rule, failure rule, both predicates): the judge's
-- main figure (see agreement_over_time) in the latest such evaluation. Judges may have been evaluated at different times,
-- on other versions of the tables: only rows of one evaluation (run_id) and the same metric can be compared, and only
-- where asked is the same, too. Evaluation by evaluation, best first (sql/examples/leaderboard.sql gives places):
--   SELECT run_id, metric, swap_rule, judge, value, low, high, n, asked FROM judge_leaderboard
--   ORDER BY run_id, metric, swap_rule, value DESC
CREATE OR REPLACE VIEW {judge_leaderboard} (
  judge               COMMENT 'Name of the judge',
  judge_fingerprint   COMMENT 'SHA-256 of everything that can change its verdicts',
  model_version       COMMENT 'Content hash of the model files or name@commit, with that of its adapter, or what the import says',
  mode                COMMENT 'How the judge was asked',
  label_rule          COMMENT 'Which labels it was compared with',
  failure_rule        COMMENT 'What a failed judgment counted as in this metric',
  comparisons_where   COMMENT 'SQL predicate on the comparisons; NULL if all were evaluated',
  judgments_where     COMMENT 'SQL predicate on the judgments; NULL if all were evaluated',
  metric              COMMENT 'What the value is: {headline_words}; only rows of the same metric and evaluation can be compared',
  swap_rule           COMMENT 'How the two orders were combined; NULL if no rule applies, as for single answers',
  value               COMMENT 'The metric over everything that was evaluated; higher is better',
  low                 COMMENT 'Lower end of its 95 % interval',
  high                COMMENT 'Upper end of its 95 % interval',
  n                   COMMENT 'Judgments it is based on; answers for spearman and aspect_accuracy',
  clusters            COMMENT 'Questions it is based on',
  asked               COMMENT 'How many judgments were asked for; differs where judges were asked different comparisons',
  coverage            COMMENT 'Share of what was asked that is counted',
  kappa               COMMENT 'For comparisons of two answers: Cohen''s kappa with the label',
  macro_f1            COMMENT 'For comparisons of two answers: F1 over first, second and tie',
  consistency         COMMENT 'For comparisons of two answers: share with the same verdict in both orders; NULL if only one was asked',
  position_bias       COMMENT 'For comparisons of two answers: bias to the first place minus bias to the second',
  reason              COMMENT 'Why there is no value, or no interval; NULL if there are both',
  comparisons_version COMMENT 'Version of the comparisons read',
  judgments_version   COMMENT 'Version of the judgments read',
  labels_version      COMMENT 'Version of the labels read',
  run_id              COMMENT 'The evaluation; figures of different ones cannot be compared',
  computed_at         COMMENT 'When it was computed'
) COMMENT 'The main figure of every judge, from its latest evaluation of each kind' AS
WITH latest AS (
  SELECT * FROM {agreement_over_time}
  QUALIFY rank() OVER (
    PARTITION BY judge_fingerprint, label_rule, failure_rule, comparisons_where, judgments_where
    ORDER BY computed_at DESC, run_id
  ) = 1
),
-- Joined by run and judge alone: figures of one evaluation may have different failure rules.
of_two_answers AS (
  SELECT run_id, judge_fingerprint, metric, swap_rule, value FROM {metrics}
  WHERE slice = 'all' AND judge IS NOT NULL AND subject IS NULL
),
by_rule AS (
  SELECT
    run_id, judge_fingerprint, swap_rule,
    max(value) FILTER (WHERE metric = 'cohen_kappa') AS kappa,
    max(value) FILTER (WHERE metric = 'macro_f1') AS macro_f1
  FROM of_two_answers GROUP BY run_id, judge_fingerprint, swap_rule
),
orders AS (
  SELECT
    run_id, judge_fingerprint,
    max(value) FILTER (WHERE metric = 'consistency') AS consistency,
    max(value) FILTER (WHERE metric = 'position_bias') AS position_bias
  FROM of_two_answers GROUP BY run_id, judge_fingerprint
)
SELECT
  h.judge, h.judge_fingerprint, h.model_version, h.mode, h.label_rule, h.failure_rule, h.comparisons_where,
  h.judgments_where, h.metric, h.swap_rule, h.value, h.low, h.high, h.n, h.clusters, h.asked,
  h.coverage, r.kappa, r.macro_f1, o.consistency, o.position_bias, h.reason, h.comparisons_version,
  h.judgments_version, h.labels_version, h.run_id, h.computed_at
FROM latest AS h
LEFT JOIN by_rule AS r
  ON r.run_id = h.run_id AND r.judge_fingerprint = h.judge_fingerprint AND r.swap_rule = h.swap_rule
LEFT JOIN orders AS o ON o.run_id = h.run_id AND o.judge_fingerprint = h.judge_fingerprint
