-- One row per comparison: a question or conversation and the answers to it. The content of each source:
--   SELECT source, count(*), count(DISTINCT question_id) FROM comparisons GROUP BY ALL
CREATE TABLE IF NOT EXISTS {comparisons} (
  comparison_id STRING COMMENT 'Id of the comparison; derived from its content if the source has none',
  question_id   STRING COMMENT 'Id of the question; comparisons of one question share it',
  messages      ARRAY<STRUCT<role: STRING, content: STRING>> COMMENT 'The conversation that the answers reply to; a plain question is one user message',
  input         STRING COMMENT 'Further text that the instruction refers to, or NULL',
  answers       ARRAY<STRUCT<model: STRING, text: STRING, turns: ARRAY<STRING>>> COMMENT 'The answers in the order A, B, ...; turns instead of text if an answer has several',
  reference     STRING COMMENT 'A reference answer, or NULL',
  rubric        STRUCT<criteria: STRING, scores: ARRAY<STRING>> COMMENT 'Criteria to judge by, with descriptions of the scores 1 to 5 if a judge needs them',
  source        STRING COMMENT 'Where the comparison comes from',
  attributes    MAP<STRING, STRING> COMMENT 'Further data from the source: category, language, ...'
) USING DELTA
COMMENT 'Questions with the answers to be judged'
{location}
