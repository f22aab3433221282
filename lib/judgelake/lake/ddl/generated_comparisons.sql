-- One row per comparison of generated answers, to be judged by a teacher: jobs/judge.py --set tables.comparisons=generated_comparisons.
-- How often each model is shown first:
--   SELECT answers[0].model, count(*) FROM generated_comparisons GROUP BY ALL
CREATE TABLE IF NOT EXISTS {generated_comparisons} (
  comparison_id  STRING COMMENT 'Id of the comparison, derived from its content',
  question_id    STRING COMMENT 'The seed that was answered',
  messages       ARRAY<STRUCT<role: STRING, content: STRING>> COMMENT 'The conversation that the answers reply to',
  input          STRING COMMENT 'Further text that the instruction refers to, or NULL',
  answers        ARRAY<STRUCT<model: STRING, text: STRING, turns: ARRAY<STRING>>> COMMENT 'The answers in the order A, B, ..., which comes from a hash; model is the name in the config',
  reference      STRING COMMENT 'A reference answer, or NULL',
  rubric         STRUCT<criteria: STRING, scores: ARRAY<STRING>> COMMENT 'Always NULL; here so that the table is one of comparisons',
  source         STRING COMMENT 'Where the seed comes from',
  attributes     MAP<STRING, STRING> COMMENT 'Those of the seed, with its category and language',
  question_group STRING COMMENT 'The seed''s group of near-duplicates: all comparisons of one are in the same split',
  licence        STRING COMMENT 'The licence of the seed''s source, or NULL'
) USING DELTA
COMMENT 'Comparisons of generated answers'
{location}
