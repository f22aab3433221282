-- The rows that a current run will make requests of, unless they are few, and one without a chunk for every hour that
-- the run works. Prompts are made of them when they are asked. A run deletes its rows when it ends; rows that remain
-- belong to a run that was killed:
--   SELECT plan_id, chunk, sum(size(requests)) FROM plans GROUP BY ALL
CREATE TABLE IF NOT EXISTS {plans} (
  plan_id       STRING COMMENT 'The run',
  chunk         INT COMMENT 'Requests with the same number are appended in one commit; NULL in a row that only says that the run still works',
  question_key  BIGINT COMMENT 'Hash of the question''s text, or of a part of a question with very many requests; such requests stay together',
  question_bytes BIGINT COMMENT 'Bytes of all prompts of the same question_key',
  line_end      BIGINT COMMENT 'Bytes of all prompts up to the last one of this question, when those of the chunk are put in a line, the question with most bytes first',
  row_hash      BIGINT COMMENT 'Hash of the row of the input',
  source        STRING COMMENT 'The row of the input as JSON',
  requests      ARRAY<STRUCT<request_id: STRING, place: INT, attempt: INT, prompt_bytes: BIGINT, sort_key: STRING>> COMMENT 'The requests to make of it; place is that among all requests of the row, from 0; attempt counts over all runs, from 1; prompt_bytes are those of the prompt, about those that will be left of one that is to be cut, NULL if nothing can be asked; sort_key brings requests of a question together whose prompts begin alike'
) USING DELTA
PARTITIONED BY (plan_id, chunk)
COMMENT 'Requests that current runs will make'
{location}
-- Rows are found by partition only; statistics on texts would only cost time.
TBLPROPERTIES (
  'delta.dataSkippingNumIndexedCols' = '0',
  'delta.setTransactionRetentionDuration' = 'interval 60 days'
)
