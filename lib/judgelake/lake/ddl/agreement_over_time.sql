-- One row per evaluation, judge and swap rule: the judge's main figure over everything evaluated, as computed at that
-- time. It is the first metric that the evaluation asked of the judge among the first of each kind in the catalog (two
-- answers, yes or no, three or more answers, scores); agreement, with the reason, if it asked for none. By the rule strict,
-- agreement is another metric, agreement_when_consistent. Is it falling?
-- Only rows of the same metric, label rule, failure rule and predicates can be compared:
--   SELECT computed_at, judge, value, low, high FROM agreement_over_time
--   WHERE metric = 'agreement' AND swap_rule = 'mean' AND comparisons_where IS NULL ORDER BY computed_at
CREATE OR REPLACE VIEW {agreement_over_time} (
  computed_at         COMMENT 'When the evaluation was computed',
  judge               COMMENT 'Name of the judge',
  judge_fingerprint   COMMENT 'SHA-256 of everything that can change its verdicts',
  model_version       COMMENT 'Content hash of the model files or name@commit, with that of its adapter, or what the import says',
  mode                COMMENT 'How the judge was asked',
  metric              COMMENT 'What the value is: {headline_words}',
  swap_rule           COMMENT 'How the two orders were combined; NULL if no rule applies, as for single answers',
  label_rule          COMMENT 'Which labels it was compared with',
  failure_rule        COMMENT 'What a failed judgment counted as in this metric',
  comparisons_where   COMMENT 'SQL predicate on the comparisons; NULL if all were evaluated',
  judgments_where     COMMENT 'SQL predicate on the judgments; NULL if all were evaluated',
  value               COMMENT 'The metric over everything that was evaluated; higher is better; NULL with a reason',
  low                 COMMENT 'Lower end of its 95 % interval',
  high                COMMENT 'Upper end of its 95 % interval',
  n                   COMMENT 'Judgments it is based on; answers for spearman and aspect_accuracy',
  clusters            COMMENT 'Questions it is based on',
  asked               COMMENT 'How many judgments were asked for; differs where judges were asked different comparisons',
  coverage            COMMENT 'Share of what was asked that is counted',
  reason              COMMENT 'Why there is no value, or no interval; NULL if there are both',
  judgments_version   COMMENT 'Version of the judgments read',
  labels_version      COMMENT 'Version of the labels read',
  comparisons_version COMMENT 'Version of the comparisons read',
  run_id              COMMENT 'The evaluation'
) COMMENT 'How the main figure of each judge changed from evaluation to evaluation' AS
WITH candidates AS (
  SELECT *, try_element_at(map({headline_places}), metric) AS place
  FROM {metrics}
  WHERE slice = 'all' AND judge IS NOT NULL AND subject IS NULL
)
SELECT
  computed_at, judge, judge_fingerprint, model_version, mode, metric, swap_rule, label_rule, failure_rule,
  comparisons_where, judgments_where, value, low, high, n, clusters, asked, coverage, reason, judgments_version,
  labels_version, comparisons_version, run_id
FROM candidates
WHERE place > 0
QUALIFY place = coalesce(min(CASE WHEN asked > 0 THEN place END) OVER (PARTITION BY run_id, judge_fingerprint), 1)
