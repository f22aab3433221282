-- One row per evaluation, judge and model under judgment: the model's win rate by the judge, and the same corrected by the
-- labels there are (PPI++: the rate that the labels would give over all comparisons with a verdict). It is right only if
-- the labelled comparisons are a random part of these. What can I say of a model?
--   SELECT judge, model, win_rate, corrected, low, high, labels, judged, reason FROM corrected_rates ORDER BY judge, corrected DESC
CREATE OR REPLACE VIEW {corrected_rates} (
  judge               COMMENT 'Name of the judge',
  judge_fingerprint   COMMENT 'SHA-256 of everything that can change its verdicts',
  model               COMMENT 'The model under judgment',
  swap_rule           COMMENT 'How the two orders were combined: the first swap rule of the evaluation',
  win_rate            COMMENT 'Share of its comparisons that it wins by the judge, a tie one half; its interval does not describe the errors of the judge',
  corrected           COMMENT 'The win rate by the labels over all of them, from all verdicts and the labels; NULL with a reason',
  low                 COMMENT 'Lower end of its 95 % interval, which describes the choice of questions and labels',
  high                COMMENT 'Upper end of its 95 % interval',
  labels              COMMENT 'Comparisons with a verdict and a label, on which the correction rests',
  judged              COMMENT 'Comparisons with a verdict',
  labels_needed       COMMENT 'How many labels would give an interval of corrected.half_width to each side; NULL if no number would, or if there is no corrected rate',
  reason              COMMENT 'Why there is no corrected rate, or no interval',
  label_rule          COMMENT 'Which labels count and how several were combined',
  failure_rule        COMMENT 'What a failed judgment counted as',
  comparisons_where   COMMENT 'SQL predicate on the comparisons; NULL if all were evaluated',
  judgments_where     COMMENT 'SQL predicate on the judgments; NULL if all were evaluated',
  comparisons_version COMMENT 'Version of the comparisons read',
  judgments_version   COMMENT 'Version of the judgments read',
  labels_version      COMMENT 'Version of the labels read',
  computed_at         COMMENT 'When it was computed',
  run_id              COMMENT 'The evaluation'
) COMMENT 'Win rates of models by each judge beside the same corrected by labels' AS
SELECT
  c.judge, c.judge_fingerprint, c.subject AS model, c.swap_rule, w.value AS win_rate, c.value AS corrected, c.low, c.high,
  c.n AS labels, w.n AS judged, k.value AS labels_needed, c.reason, c.label_rule, c.failure_rule, c.comparisons_where,
  c.judgments_where, c.comparisons_version, c.judgments_version, c.labels_version, c.computed_at, c.run_id
FROM {metrics} AS c
LEFT JOIN {metrics} AS w
  ON w.run_id = c.run_id AND w.judge_fingerprint = c.judge_fingerprint AND w.subject = c.subject AND w.slice = c.slice
  AND w.metric = 'win_rate'
LEFT JOIN {metrics} AS k
  ON k.run_id = c.run_id AND k.judge_fingerprint = c.judge_fingerprint AND k.subject = c.subject AND k.slice = c.slice
  AND k.metric = 'labels_needed'
WHERE c.metric = 'corrected_win_rate'
