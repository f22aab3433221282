-- One row per request that a current run will make, unless they are few, and one without a chunk for every hour that
-- the run works. A run deletes its rows when it ends; rows that remain belong to a run that was killed:
--   SELECT plan_id, chunk, count(*) FROM plans GROUP BY ALL
CREATE TABLE IF NOT EXISTS {plans} (
  plan_id       STRING COMMENT 'The run',
  chunk         INT COMMENT 'Requests with the same number are appended in one commit; NULL in a row that only says that the run still works',
  question_key  BIGINT COMMENT 'Hash of the question''s text; requests of one question stay together',
  judgment_id   STRING COMMENT 'The request',
  comparison_id STRING COMMENT 'The comparison to be judged',
  question_id   STRING COMMENT 'Its question',
  shown_order   STRING COMMENT 'Order of the answers in the prompt',
  repeat        INT COMMENT 'Number of the repeat, from 0',
  content_sha256 STRING COMMENT 'Hash of what the judge sees of the comparison untrimmed, whatever the order',
  prompt_sha256 STRING COMMENT 'Hash of the prompt as it is asked; equal prompts are asked once',
  prompt        STRING COMMENT 'The prompt: its text, or for a chat a NUL character and the messages as JSON; then a NUL character and which parts come from the comparison, as JSON',
  prompt_bytes  BIGINT COMMENT 'UTF-8 bytes of the prompt''s text',
  trimmed       BOOLEAN COMMENT 'Whether answers were cut to fit the context',
  status        STRING COMMENT 'Why it will not be asked; NULL if it will',
  reason        STRING COMMENT 'The reason in words',
  attempt       INT COMMENT 'Number of the attempt over all runs, from 1'
) USING DELTA
PARTITIONED BY (plan_id, chunk)
COMMENT 'Requests that current runs will make'
{location}
-- Rows are found by partition only; statistics on prompts would only cost time.
TBLPROPERTIES (
  'delta.dataSkippingNumIndexedCols' = '0',
  'delta.setTransactionRetentionDuration' = 'interval 60 days'
)
