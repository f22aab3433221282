-- One row per figure of an evaluation: a metric of a judge in a slice, by a swap rule. The headline of all judges:
--   SELECT judge, metric, swap_rule, value, low, high, n FROM metrics WHERE slice = 'all' AND metric = 'agreement'
CREATE TABLE IF NOT EXISTS {metrics} (
  run_id              STRING COMMENT 'The evaluation that computed it: a hash of its config and of the versions read, so that a repeated evaluation replaces its rows',
  judge               STRING COMMENT 'Name of the judge; NULL for figures of labels alone',
  judge_fingerprint   STRING COMMENT 'SHA-256 of everything that can change its verdicts',
  model_version       STRING COMMENT 'Content hash of the model files or name@commit, with that of its adapter, or what the import says',
  mode                STRING COMMENT 'How the judge was asked',
  metric              STRING COMMENT 'Name of the metric, as the papers use it',
  subject             STRING COMMENT 'What the figure is about besides judge and slice: a class, another judge, a model, two labelers; NULL if nothing',
  slice               STRING COMMENT 'The part of the comparisons: all, or dimension=value',
  value               DOUBLE COMMENT 'The number; NULL if there is none, with a reason',
  low                 DOUBLE COMMENT 'Lower end of its 95 % interval, all judgments of a question taken as one unit; NULL with a reason',
  high                DOUBLE COMMENT 'Upper end of its 95 % interval',
  detectable          DOUBLE COMMENT 'Size of an effect that a sample like this would miss one time in five (power 80 %); only where 0 means no effect; at the level of p_corrected where there is one',
  p_value             DOUBLE COMMENT 'Two-sided p-value under no difference, all judgments of a question taken as one unit, not corrected; NULL where nothing is tested',
  p_corrected         DOUBLE COMMENT 'The same after the correction of Holm over all that the evaluation compares in this way: all pairs of judges, or all slices of a judge',
  mcnemar_p           DOUBLE COMMENT 'Exact p-value of the test of McNemar, as in papers: comparisons taken as independent, not corrected; only for two judges',
  simultaneous_low    DOUBLE COMMENT 'Lower end of an interval that, together with those of all that the evaluation compares in this way, contains the true values with 95 %',
  simultaneous_high   DOUBLE COMMENT 'Upper end of that interval',
  if_failures_wrong   DOUBLE COMMENT 'The lowest the number could be if all failed judgments counted as wrong (yes/no aspects: with the thresholds from the others); only for rates of right judgments',
  if_failures_right   DOUBLE COMMENT 'The number if all failed judgments counted as right',
  n                   BIGINT COMMENT 'Judgments, comparisons, answers or votes it is based on',
  clusters            BIGINT COMMENT 'Upper bound of the questions it is based on: those with anything asked, or n if that is smaller',
  asked               BIGINT COMMENT 'How many were asked for in the slice; NULL if nothing is asked of a judge',
  coverage            DOUBLE COMMENT 'n divided by asked',
  swap_rule           STRING COMMENT 'How the two orders were combined in this figure; NULL if no rule applies',
  is_headline         BOOLEAN COMMENT 'Whether the swap rule is the first of the evaluation, that of its headline; NULL if no rule applies',
  failure_rule        STRING COMMENT 'What a failed judgment counted as in this figure: left_out, tie, wrong, counted (as what it is), or a score; NULL for figures of labels alone',
  label_rule          STRING COMMENT 'Which labels count and how several were combined',
  comparisons_where   STRING COMMENT 'SQL predicate on the comparisons; NULL if all were evaluated',
  judgments_where     STRING COMMENT 'SQL predicate on the judgments; NULL if all were evaluated',
  comparisons_version BIGINT COMMENT 'Version of the comparisons read',
  judgments_version   BIGINT COMMENT 'Version of the judgments read',
  labels_version      BIGINT COMMENT 'Version of the labels read; NULL if there is no labels table',
  reason              STRING COMMENT 'Why there is no value, or no interval; NULL if there are both',
  computed_at         TIMESTAMP COMMENT 'When it was computed'
) USING DELTA
COMMENT 'Metrics of judges, one row per metric, slice and rule'
{location}
TBLPROPERTIES (
  'delta.setTransactionRetentionDuration' = 'interval 60 days',
  'delta.constraints.null_has_a_reason' = '(value IS NOT NULL AND low IS NOT NULL AND high IS NOT NULL) OR reason IS NOT NULL',
  'delta.constraints.no_nan' = 'NOT (isnan(coalesce(value, 0)) OR isnan(coalesce(low, 0)) OR isnan(coalesce(high, 0)) OR isnan(coalesce(detectable, 0)) OR isnan(coalesce(p_value, 0)) OR isnan(coalesce(p_corrected, 0)) OR isnan(coalesce(mcnemar_p, 0)) OR isnan(coalesce(simultaneous_low, 0)) OR isnan(coalesce(simultaneous_high, 0)) OR isnan(coalesce(if_failures_wrong, 0)) OR isnan(coalesce(if_failures_right, 0)) OR isnan(coalesce(coverage, 0)))'
)
