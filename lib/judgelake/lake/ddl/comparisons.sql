-- One row a comparison: a question or conversation and the answers given to it. What a source holds:
--   SELECT source, count(*), count(DISTINCT question_id) FROM comparisons GROUP BY ALL
CREATE TABLE IF NOT EXISTS {comparisons} (
  comparison_id STRING COMMENT 'Name of the comparison; derived from its content where the source had none',
  question_id   STRING COMMENT 'Name of the question; comparisons of one question share it',
  messages      ARRAY<STRUCT<role: STRING, content: STRING>> COMMENT 'The conversation the answers end; a plain question is one user message',
  input         STRING COMMENT 'Further text the instruction works on, or NULL',
  answers       ARRAY<STRUCT<model: STRING, text: STRING, turns: ARRAY<STRING>>> COMMENT 'The answers in the order A, B, ...; turns instead of text where an answer has several',
  reference     STRING COMMENT 'A reference answer, or NULL',
  rubric        STRUCT<criteria: STRING, scores: ARRAY<STRING>> COMMENT 'What to judge by, with descriptions of the scores 1 to 5 where a judge needs them',
  source        STRING COMMENT 'Where the comparison comes from',
  attributes    MAP<STRING, STRING> COMMENT 'What else the source says: category, language, ...'
) USING DELTA
COMMENT 'Questions with the answers to be judged'
{location}
