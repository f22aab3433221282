-- One row per verdict of a trust run: a judge's verdict on a comparison of two answers, with how far it can be relied on.
-- Indicators are a map, so that a new one needs no new column; each is in exactly one of the two maps. The most reliable first:
--   SELECT comparison_id, verdict, probability, indicators['margin'] AS margin FROM reliability
--   WHERE run_id = '...' AND judge = '...' ORDER BY indicators['margin'] DESC
CREATE TABLE IF NOT EXISTS {reliability} (
  run_id              STRING COMMENT 'The run that computed it: a hash of its config and of the versions read, so that a repeated run replaces its rows',
  judge               STRING COMMENT 'Name of the judge',
  judge_fingerprint   STRING COMMENT 'SHA-256 of everything that can change its verdicts',
  model_version       STRING COMMENT 'Content hash of the model files or name@commit, with that of its adapter, or what the import says',
  mode                STRING COMMENT 'How the judge was asked',
  comparison_id       STRING COMMENT 'The comparison that was judged',
  question_id         STRING COMMENT 'Its question, whose labels its probability was not fitted on',
  swap_rule           STRING COMMENT 'How the two orders became the verdict',
  verdict             STRING COMMENT 'A, B or tie in the comparison''s original order; NULL if the judgment failed',
  label               STRING COMMENT 'A, B or tie: what the labels say; NULL if there is none or they are divided',
  is_right            BOOLEAN COMMENT 'Whether the verdict is that of the label; NULL without a verdict or a label',
  indicators          MAP<STRING, DOUBLE> COMMENT 'Indicators of reliability by name, larger where the verdict is more reliable',
  unknown             MAP<STRING, STRING> COMMENT 'Of the other indicators, why they have no value',
  probability         DOUBLE COMMENT 'Calibrated probability that the verdict agrees with the label, fitted without the labels of its question; NULL with a reason',
  probability_from    STRING COMMENT 'The indicator and the method that it was made with; NULL if there is none',
  reason              STRING COMMENT 'Why there is no probability; NULL if there is one',
  label_rule          STRING COMMENT 'Which labels count and how several were combined',
  comparisons_version BIGINT COMMENT 'Version of the comparisons read',
  judgments_version   BIGINT COMMENT 'Version of the judgments read',
  labels_version      BIGINT COMMENT 'Version of the labels read; NULL if there is no labels table',
  computed_at         TIMESTAMP COMMENT 'When it was computed'
) USING DELTA
COMMENT 'How far verdicts can be relied on, one row per verdict'
{location}
TBLPROPERTIES (
  'delta.setTransactionRetentionDuration' = 'interval 60 days',
  'delta.constraints.null_has_a_reason' = '(probability IS NULL) = (reason IS NOT NULL)',
  'delta.constraints.is_a_probability' = 'probability IS NULL OR (probability >= 0 AND probability <= 1)'
)
