-- One row a verdict that is not our judge's: of a human, a teacher model, or gold. How many verdicts each labeler gave:
--   SELECT labeler, kind, verdict, count(*) FROM labels GROUP BY ALL
CREATE TABLE IF NOT EXISTS {labels} (
  comparison_id STRING COMMENT 'The comparison that was labeled',
  labeler       STRING COMMENT 'Who said it: a person, a model, or how several were put together',
  kind          STRING COMMENT 'human, teacher or gold',
  verdict       STRING COMMENT 'A, B, ... or tie, in the order of the comparison''s answers; NULL where only scores were given',
  scores        ARRAY<DOUBLE> COMMENT 'One score an answer; NULL where only a verdict was given'
) USING DELTA
COMMENT 'Verdicts to hold a judge against'
{location}
TBLPROPERTIES (
  'delta.constraints.known_kind' = 'kind IN (''human'', ''teacher'', ''gold'')',
  'delta.constraints.known_verdict' = 'verdict IS NULL OR verdict = ''tie'' OR (length(verdict) = 1 AND verdict BETWEEN ''A'' AND ''Z'')'
)
