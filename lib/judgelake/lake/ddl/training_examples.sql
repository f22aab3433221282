-- One row per example that a judge is trained or validated on. What there is of each source, and by whom:
--   SELECT source, teacher, split, judged.verdict, count(*) FROM training_examples GROUP BY ALL
CREATE TABLE IF NOT EXISTS {training_examples} (
  example_id     STRING COMMENT 'Id of the example: a hash of what it teaches, so that the same example is there once',
  question_group STRING COMMENT 'Shared by near-duplicate questions; a group is never in both splits',
  split          STRING COMMENT 'train or validation',
  comparison     STRUCT<{fields_of_comparisons}> COMMENT 'What is judged, with the columns of the table comparisons',
  judged         STRUCT<verdict: STRING, scores: ARRAY<DOUBLE>, reasons: STRING> COMMENT 'The judgment to learn, made without sight of the reference, in the original order of the answers; verdict or scores may be NULL, reasons too',
  referenced     STRUCT<verdict: STRING, scores: ARRAY<DOUBLE>, reasons: STRING> COMMENT 'The judgment to learn where the reference is shown; NULL if nobody judged with it',
  probabilities  MAP<STRING, DOUBLE> COMMENT 'The teacher''s probability of each verdict without the reference, by the mean log-odds of both orders; NULL if not known',
  teacher        STRING COMMENT 'Who judged: a person, a model, or how several labels were combined',
  source         STRING COMMENT 'Where the example comes from',
  licence        STRING COMMENT 'The terms of that source, which a model trained on it inherits; empty if not known'
) USING DELTA
COMMENT 'Examples that judges are trained and validated on'
{location}
TBLPROPERTIES (
  'delta.constraints.known_split' = 'split IN (''train'', ''validation'')'
)
