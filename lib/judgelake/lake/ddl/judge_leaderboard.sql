-- One row a judge, swap rule and what makes figures comparable (label rule, failure rule, both predicates): the headline
-- of the latest such evaluation. Best first:
--   SELECT judge, swap_rule, agreement, agreement_low, agreement_high, n, consistency FROM judge_leaderboard ORDER BY agreement DESC
CREATE OR REPLACE VIEW {judge_leaderboard} (
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change its verdicts',
  model_version     COMMENT 'Content hash of a local model, name@revision, or what an import says',
  mode              COMMENT 'How it was asked',
  label_rule        COMMENT 'Which labels it was held against',
  failure_rule      COMMENT 'What a failed judgment counted as',
  comparisons_where COMMENT 'SQL predicate on the comparisons; NULL where all were evaluated',
  judgments_where   COMMENT 'SQL predicate on the judgments; NULL where all were evaluated',
  swap_rule         COMMENT 'How the two orders were put together for the agreement',
  agreement         COMMENT 'Share of verdicts that are the label''s',
  agreement_low     COMMENT 'Lower end of its 95 % interval',
  agreement_high    COMMENT 'Upper end of its 95 % interval',
  n                 COMMENT 'Judgments it rests on',
  clusters          COMMENT 'Questions it rests on',
  coverage          COMMENT 'Share of what was asked that counts',
  kappa             COMMENT 'Cohen''s kappa with the label',
  macro_f1          COMMENT 'F1 over first, second and tie',
  consistency       COMMENT 'Share with the same verdict in both orders; NULL where only one was asked',
  position_bias     COMMENT 'Bias to the first place less bias to the second',
  reason            COMMENT 'Why there is no agreement; NULL where there is',
  run_id            COMMENT 'The evaluation',
  computed_at       COMMENT 'When it was computed'
) COMMENT 'Headline of every judge''s latest evaluation of each kind' AS
WITH latest AS (
  SELECT * FROM {metrics}
  WHERE slice = 'all' AND judge IS NOT NULL
  QUALIFY rank() OVER (
    PARTITION BY judge_fingerprint, label_rule, failure_rule, comparisons_where, judgments_where
    ORDER BY computed_at DESC, run_id
  ) = 1
),
orders AS (
  SELECT
    run_id, judge_fingerprint,
    max(value) FILTER (WHERE metric = 'consistency') AS consistency,
    max(value) FILTER (WHERE metric = 'position_bias') AS position_bias
  FROM latest GROUP BY run_id, judge_fingerprint
)
SELECT
  a.judge, a.judge_fingerprint, a.model_version, a.mode, a.label_rule, a.failure_rule, a.comparisons_where,
  a.judgments_where, a.swap_rule,
  a.value AS agreement, a.low AS agreement_low, a.high AS agreement_high, a.n, a.clusters, a.coverage,
  k.value AS kappa, f.value AS macro_f1, o.consistency, o.position_bias, a.reason, a.run_id, a.computed_at
FROM latest AS a
JOIN orders AS o ON o.run_id = a.run_id AND o.judge_fingerprint = a.judge_fingerprint
LEFT JOIN latest AS k
  ON k.run_id = a.run_id AND k.judge_fingerprint = a.judge_fingerprint AND k.swap_rule = a.swap_rule AND k.metric = 'cohen_kappa'
LEFT JOIN latest AS f
  ON f.run_id = a.run_id AND f.judge_fingerprint = a.judge_fingerprint AND f.swap_rule = a.swap_rule AND f.metric = 'macro_f1'
WHERE a.metric = 'agreement'
