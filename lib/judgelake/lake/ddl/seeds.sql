-- One row per question that models are to answer. Those that are asked, near-duplicates left out:
--   SELECT source, category, count(*) FROM seeds WHERE seed_id = question_group GROUP BY ALL
CREATE TABLE IF NOT EXISTS {seeds} (
  seed_id        STRING COMMENT 'Id of the question: hash of messages and input, as the question_id of a comparison that brings none',
  question_group STRING COMMENT 'The seed that is asked for this one: itself, unless it is a near-duplicate of another',
  messages       ARRAY<STRUCT<role: STRING, content: STRING>> COMMENT 'The conversation to be answered, up to its last user turn; a plain question is one user message',
  input          STRING COMMENT 'Further text that the instruction refers to, or NULL',
  reference      STRING COMMENT 'A reference answer, or NULL',
  category       STRING COMMENT 'What kind of question it is, as its source says, or NULL',
  language       STRING COMMENT 'Its language, as its source or the config says, or NULL',
  source         STRING COMMENT 'Where it comes from',
  licence        STRING COMMENT 'The licence of its source, as the config says, or NULL',
  attributes     MAP<STRING, STRING> COMMENT 'Further data from the source',
  added_at       TIMESTAMP COMMENT 'When it was added'
) USING DELTA
COMMENT 'Questions for models to answer'
{location}
