-- One row a metric and slice of an evaluation. The headline of one judge:
--   SELECT metric, value, low, high, n FROM metrics WHERE slice = 'all' ORDER BY metric
CREATE TABLE IF NOT EXISTS {metrics} (
  run_id              STRING COMMENT 'The evaluation that computed it',
  judge               STRING COMMENT 'Name of the judge',
  judge_fingerprint   STRING COMMENT 'SHA-256 of all that can change its verdicts',
  model_version       STRING COMMENT 'Content hash of a local model, or name@revision',
  metric              STRING COMMENT 'Name of the metric, as the papers use it',
  slice               STRING COMMENT 'The part of the comparisons it is about; all for the whole',
  value               DOUBLE COMMENT 'The number; NULL where there is none, with the reason',
  low                 DOUBLE COMMENT 'Lower end of its 95 % interval',
  high                DOUBLE COMMENT 'Upper end of its 95 % interval',
  n                   BIGINT COMMENT 'Judgments it rests on',
  clusters            BIGINT COMMENT 'Questions it rests on',
  asked               BIGINT COMMENT 'Judgments asked for in the slice',
  coverage            DOUBLE COMMENT 'n over asked',
  swap_rule           STRING COMMENT 'How the two orders were put together',
  failure_rule        STRING COMMENT 'What a failed judgment counted as',
  label_rule          STRING COMMENT 'How several labels were put together',
  comparisons_version BIGINT COMMENT 'Version of the comparisons read',
  judgments_version   BIGINT COMMENT 'Version of the judgments read',
  labels_version      BIGINT COMMENT 'Version of the labels read',
  reason              STRING COMMENT 'Why there is no value; NULL where there is',
  computed_at         TIMESTAMP COMMENT 'When it was computed'
) USING DELTA
COMMENT 'Metrics of judges, one row a metric and slice'
{location}
TBLPROPERTIES (
  'delta.constraints.value_or_reason' = '(value IS NULL) = (reason IS NOT NULL)'
)
