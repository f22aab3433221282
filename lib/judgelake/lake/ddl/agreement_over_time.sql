-- One row an evaluation, judge and swap rule: agreement over all that was evaluated, as computed at the time. Is it
-- falling? Only rows of the same label rule, failure rule and predicates can be compared:
--   SELECT computed_at, judge, agreement, low, high FROM agreement_over_time
--   WHERE swap_rule = 'first' AND comparisons_where IS NULL ORDER BY computed_at
CREATE OR REPLACE VIEW {agreement_over_time} (
  computed_at         COMMENT 'When the evaluation was made',
  judge               COMMENT 'Name of the judge',
  judge_fingerprint   COMMENT 'SHA-256 of all that can change its verdicts',
  model_version       COMMENT 'Content hash of a local model, name@revision, or what an import says',
  swap_rule           COMMENT 'How the two orders were put together',
  label_rule          COMMENT 'Which labels it was held against',
  failure_rule        COMMENT 'What a failed judgment counted as',
  comparisons_where   COMMENT 'SQL predicate on the comparisons; NULL where all were evaluated',
  judgments_where     COMMENT 'SQL predicate on the judgments; NULL where all were evaluated',
  agreement           COMMENT 'Share of verdicts that are the label''s; NULL with a reason in metrics',
  low                 COMMENT 'Lower end of its 95 % interval',
  high                COMMENT 'Upper end of its 95 % interval',
  n                   COMMENT 'Judgments it rests on',
  coverage            COMMENT 'Share of what was asked that counts',
  judgments_version   COMMENT 'Version of the judgments read',
  labels_version      COMMENT 'Version of the labels read',
  comparisons_version COMMENT 'Version of the comparisons read',
  run_id              COMMENT 'The evaluation'
) COMMENT 'How each judge''s agreement went from evaluation to evaluation' AS
SELECT
  computed_at, judge, judge_fingerprint, model_version, swap_rule, label_rule, failure_rule, comparisons_where,
  judgments_where, value AS agreement, low, high, n, coverage, judgments_version, labels_version, comparisons_version,
  run_id
FROM {metrics}
WHERE metric = 'agreement' AND slice = 'all'
