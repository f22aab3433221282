-- One row an evaluation, judge and swap rule: the figure that stands for the judge over all that was evaluated, as computed
-- at the time. That is the first metric that the evaluation asked of it among the first of each kind in the catalog (two
-- answers, yes or no, three and more answers, scores); agreement, with the reason, where it asked for none. Is it falling?
-- Only rows of the same metric, label rule, failure rule and predicates can be compared:
--   SELECT computed_at, judge, value, low, high FROM agreement_over_time
--   WHERE metric = 'agreement' AND swap_rule = 'first' AND comparisons_where IS NULL ORDER BY computed_at
CREATE OR REPLACE VIEW {agreement_over_time} (
  computed_at         COMMENT 'When the evaluation was made',
  judge               COMMENT 'Name of the judge',
  judge_fingerprint   COMMENT 'SHA-256 of all that can change its verdicts',
  model_version       COMMENT 'Content hash of a local model, name@revision, or what an import says',
  mode                COMMENT 'How it was asked',
  metric              COMMENT 'What the value is: {headline_words}',
  swap_rule           COMMENT 'How the two orders were put together; NULL where no rule takes part, as for single answers',
  label_rule          COMMENT 'Which labels it was held against',
  failure_rule        COMMENT 'What a failed judgment counted as in this metric',
  comparisons_where   COMMENT 'SQL predicate on the comparisons; NULL where all were evaluated',
  judgments_where     COMMENT 'SQL predicate on the judgments; NULL where all were evaluated',
  value               COMMENT 'The metric over all that was evaluated; the higher the better; NULL with a reason',
  low                 COMMENT 'Lower end of its 95 % interval',
  high                COMMENT 'Upper end of its 95 % interval',
  n                   COMMENT 'Judgments it rests on; answers for spearman and aspect_accuracy',
  clusters            COMMENT 'Questions it rests on',
  coverage            COMMENT 'Share of what was asked that counts',
  reason              COMMENT 'Why there is no value, or no interval; NULL where both are there',
  judgments_version   COMMENT 'Version of the judgments read',
  labels_version      COMMENT 'Version of the labels read',
  comparisons_version COMMENT 'Version of the comparisons read',
  run_id              COMMENT 'The evaluation'
) COMMENT 'How the figure that stands for each judge went from evaluation to evaluation' AS
WITH candidates AS (
  SELECT *, array_position(array({headline_metrics}), metric) AS place
  FROM {metrics}
  WHERE slice = 'all' AND judge IS NOT NULL AND subject IS NULL
)
SELECT
  computed_at, judge, judge_fingerprint, model_version, mode, metric, swap_rule, label_rule, failure_rule,
  comparisons_where, judgments_where, value, low, high, n, clusters, coverage, reason, judgments_version,
  labels_version, comparisons_version, run_id
FROM candidates
WHERE place > 0
QUALIFY place = coalesce(min(CASE WHEN asked > 0 THEN place END) OVER (PARTITION BY run_id, judge_fingerprint), 1)
