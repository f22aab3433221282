-- One row per external verdict: by a human, by a teacher model, or gold. How many verdicts each labeler gave:
--   SELECT labeler, kind, verdict, count(*) FROM labels GROUP BY ALL
CREATE TABLE IF NOT EXISTS {labels} (
  comparison_id STRING COMMENT 'The comparison that was labeled',
  labeler       STRING COMMENT 'Who gave the verdict: a person, a model, or how several verdicts were combined',
  kind          STRING COMMENT 'human, teacher or gold',
  verdict       STRING COMMENT 'A, B, ... or tie, in the original order of the comparison''s answers; NULL if only scores were given',
  scores        ARRAY<DOUBLE> COMMENT 'One score per answer; NULL if only a verdict was given'
) USING DELTA
COMMENT 'External verdicts that judges are compared with'
{location}
TBLPROPERTIES (
  'delta.constraints.known_kind' = 'kind IN (''human'', ''teacher'', ''gold'')',
  'delta.constraints.known_verdict' = 'verdict IS NULL OR verdict = ''tie'' OR (length(verdict) = 1 AND verdict BETWEEN ''A'' AND ''Z'')'
)
