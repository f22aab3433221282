-- One row per combination of thresholds that a cascade was tried with; the chosen one has the promise. What was chosen:
--   SELECT name, promise, decided, agreement, cost FROM cascades WHERE is_chosen ORDER BY computed_at DESC
CREATE TABLE IF NOT EXISTS {cascades} (
  cascade_id          STRING COMMENT 'The choice that computed it: a hash of its config, of its judges and of the versions read, so that a repeated choice replaces its rows',
  name                STRING COMMENT 'The name of the cascade in its config',
  is_chosen           BOOLEAN COMMENT 'Whether these are the thresholds that were chosen; the others are points of the cost curve',
  chosen_by           STRING COMMENT 'risk, share or cost: what the thresholds were chosen by',
  alpha               DOUBLE COMMENT 'The largest share of verdicts that may disagree with the labels; NULL unless chosen by risk',
  delta               DOUBLE COMMENT 'The probability with which the promise may be broken, over all stages together; NULL unless chosen by risk',
  stages              ARRAY<STRUCT<judge: STRING, judge_fingerprint: STRING, position_offset: DOUBLE, takes_both_orders: BOOLEAN, threshold: DOUBLE, coverage: DOUBLE, calls: DOUBLE, agreement: DOUBLE, cost: DOUBLE, delta: DOUBLE, labels_reached: BIGINT, labels_decided: BIGINT, labels_wrong: BIGINT, bound: DOUBLE, reason: STRING>> COMMENT 'Each stage: its judge; whether its log-odds are the mean of both orders, else those of one order less position_offset; the least reliability that it decides (NULL: it decides nothing); the share of all labelled comparisons that it decides and that it is asked; its agreement on what it decides; the cost of one call; of the chosen one by risk also its part of delta, the labels that the test rests on, the upper bound of its risk, and why it decides nothing',
  decided             DOUBLE COMMENT 'Share of the labelled comparisons that any stage decides',
  agreement           DOUBLE COMMENT 'Share of these in which the verdict is the label; NULL if nothing is decided',
  right_of_all        DOUBLE COMMENT 'Share of all labelled comparisons that are decided as the label says',
  cost                DOUBLE COMMENT 'Average cost of a comparison',
  cost_unit           STRING COMMENT 'Unit of the costs: tokens, calls, or what the config says',
  promise             STRING COMMENT 'The promise as a sentence to quote; NULL on the curve, and if not chosen by risk',
  comparisons         BIGINT COMMENT 'Labelled comparisons that the judges of all stages have judged',
  questions           BIGINT COMMENT 'Their questions: one comparison of each is what a promise rests on',
  label_kind          STRING COMMENT 'human, teacher or gold',
  comparisons_version BIGINT COMMENT 'Version of the comparisons read',
  judgments_version   BIGINT COMMENT 'Version of the judgments read',
  labels_version      BIGINT COMMENT 'Version of the labels read',
  computed_at         TIMESTAMP COMMENT 'When it was computed'
) USING DELTA
COMMENT 'Cascades of judges: thresholds, what they promise, and the cost curve'
{location}
TBLPROPERTIES (
  'delta.constraints.known_choice' = 'chosen_by IN (''risk'', ''share'', ''cost'')'
)
