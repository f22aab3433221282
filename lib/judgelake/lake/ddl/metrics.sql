-- One row a figure of an evaluation: a metric of a judge in a slice, by a swap rule. The headline of all judges:
--   SELECT judge, metric, swap_rule, value, low, high, n FROM metrics WHERE slice = 'all' AND metric = 'agreement'
CREATE TABLE IF NOT EXISTS {metrics} (
  run_id              STRING COMMENT 'The evaluation that computed it: the hash of its config and of the versions read, so that a repeat replaces its own rows',
  judge               STRING COMMENT 'Name of the judge; NULL for figures of labels alone',
  judge_fingerprint   STRING COMMENT 'SHA-256 of all that can change its verdicts',
  model_version       STRING COMMENT 'Content hash of a local model, name@revision, or what an import says',
  mode                STRING COMMENT 'How it was asked',
  metric              STRING COMMENT 'Name of the metric, as the papers use it',
  subject             STRING COMMENT 'What it is about besides judge and slice: a class, another judge, a model, two labelers; NULL where nothing',
  slice               STRING COMMENT 'The part of the comparisons it is about: all, or dimension=value',
  value               DOUBLE COMMENT 'The number; NULL where there is none, with the reason',
  low                 DOUBLE COMMENT 'Lower end of its 95 % interval, all judgments of a question taken as one; NULL with a reason',
  high                DOUBLE COMMENT 'Upper end of its 95 % interval',
  detectable          DOUBLE COMMENT 'Smallest effect this sample could have shown (power 80 %); only where 0 means no effect',
  if_failures_wrong   DOUBLE COMMENT 'The lowest the number could be were every failed judgment wrong (yes/no aspects: by the thresholds that the others gave); only for rates of right judgments',
  if_failures_right   DOUBLE COMMENT 'The number were every failed judgment right',
  n                   BIGINT COMMENT 'Judgments, comparisons, answers or votes it rests on',
  clusters            BIGINT COMMENT 'Questions it rests on, at most: those with anything asked, or n where that is less',
  asked               BIGINT COMMENT 'What was asked for in the slice; NULL where nothing is asked of a judge',
  coverage            DOUBLE COMMENT 'n over asked',
  swap_rule           STRING COMMENT 'How the two orders were put together in this figure; NULL where no rule takes part',
  is_headline         BOOLEAN COMMENT 'Whether the swap rule is the first of the evaluation, that of its headline; NULL where no rule takes part',
  failure_rule        STRING COMMENT 'What a failed judgment counted as in this figure: left_out, tie, wrong, or a score; NULL for figures of labels alone',
  label_rule          STRING COMMENT 'Which labels count and how several were put together',
  comparisons_where   STRING COMMENT 'SQL predicate on the comparisons; NULL where all were evaluated',
  judgments_where     STRING COMMENT 'SQL predicate on the judgments; NULL where all were evaluated',
  comparisons_version BIGINT COMMENT 'Version of the comparisons read',
  judgments_version   BIGINT COMMENT 'Version of the judgments read',
  labels_version      BIGINT COMMENT 'Version of the labels read; NULL where there is no labels table',
  reason              STRING COMMENT 'Why there is no value, or no interval; NULL where both are there',
  computed_at         TIMESTAMP COMMENT 'When it was computed'
) USING DELTA
COMMENT 'Metrics of judges, one row a metric, slice and rule'
{location}
TBLPROPERTIES (
  'delta.constraints.null_has_a_reason' = '(value IS NOT NULL AND low IS NOT NULL AND high IS NOT NULL) OR reason IS NOT NULL',
  'delta.constraints.no_nan' = 'NOT (isnan(coalesce(value, 0)) OR isnan(coalesce(low, 0)) OR isnan(coalesce(high, 0)) OR isnan(coalesce(detectable, 0)) OR isnan(coalesce(if_failures_wrong, 0)) OR isnan(coalesce(if_failures_right, 0)) OR isnan(coalesce(coverage, 0)))'
)
