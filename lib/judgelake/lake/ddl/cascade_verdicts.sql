-- One row per comparison that a cascade was run on, decided or not. How many verdicts each judge gave:
--   SELECT stage, judge, verdict, reason, count(*) FROM cascade_verdicts WHERE run_key = '...' GROUP BY ALL
CREATE TABLE IF NOT EXISTS {cascade_verdicts} (
  run_key           STRING COMMENT 'The cascade and the comparisons it was run on: a hash of cascade_id and of the predicate, so that a repeated run replaces its rows',
  cascade_id        STRING COMMENT 'The row of the table cascades whose thresholds decided',
  name              STRING COMMENT 'The name of the cascade in its config',
  comparison_id     STRING COMMENT 'The comparison',
  question_id       STRING COMMENT 'Its question',
  stage             INT COMMENT 'The stage that decided, from 1; NULL if none did',
  judge             STRING COMMENT 'The judge of that stage',
  judge_fingerprint STRING COMMENT 'SHA-256 of all that can change its verdicts',
  verdict           STRING COMMENT 'A, B or tie in the comparison''s original order; NULL if no stage decided',
  reliability       DOUBLE COMMENT 'Probability of the verdict among the two answers, 0.5 to 1, by the log-odds of the stage that decided',
  threshold         DOUBLE COMMENT 'The least reliability that this stage decides',
  reason            STRING COMMENT 'Why there is no verdict: undecided (no judge was sure enough) or failed (no judge gave one); NULL if there is one',
  decided_at        TIMESTAMP COMMENT 'When the cascade was run'
) USING DELTA
COMMENT 'Verdicts of cascades, one row per comparison and run'
{location}
TBLPROPERTIES (
  'delta.setTransactionRetentionDuration' = 'interval 60 days',
  'delta.constraints.reason_unless_decided' = '(verdict IS NULL) = (reason IS NOT NULL) AND (verdict IS NULL) = (stage IS NULL)',
  'delta.constraints.known_reason' = 'reason IS NULL OR reason IN (''undecided'', ''failed'')'
)
