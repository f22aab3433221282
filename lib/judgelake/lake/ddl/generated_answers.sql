-- One row per attempt at an answer: a model, a seed and the number of the sample. Append-only. What each model answered:
--   SELECT answerer, status, count(*), avg(length(answer)) FROM generated_answers GROUP BY ALL
CREATE TABLE IF NOT EXISTS {generated_answers} (
  answer_id            STRING COMMENT 'Id of the request: 128 bits (hex) of the hash of answerer fingerprint, seed, sample and prompt',
  run_id               STRING COMMENT 'The run that made the request',
  seed_id              STRING COMMENT 'The question that was asked',
  answerer             STRING COMMENT 'Name of the model in the config',
  answerer_fingerprint STRING COMMENT 'SHA-256 of all that can change its answers: model, system prompt, template, sampling, engine options',
  model_version        STRING COMMENT 'Content hash of the model files or name@commit, with that of its adapter',
  sample               INT COMMENT 'Number of the answer to the same question, from 0',
  row_hash             BIGINT COMMENT 'xxhash64 of the seed as it was read, by which a later run sees without rendering it that it is answered',
  prompt_sha256        STRING COMMENT 'Hash of the prompt; NULL if none could be made',
  prompt_sent_as       STRING COMMENT 'ids: as token ids, in which the question is text and control strings in it cannot act; text: as text; NULL without a reply',
  answer               STRING COMMENT 'The answer, without thinking; the beginning of it if it was truncated; NULL if there is none',
  raw_output           STRING COMMENT 'Output of the model; NULL if the call failed',
  thinking             STRING COMMENT 'Thinking that the server returned apart from the output; NULL if it returned none',
  finish_reason        STRING COMMENT 'Why the output ended: stop, length, ...',
  status               STRING COMMENT 'ok, or why there is no whole answer',
  error                STRING COMMENT 'The reason in words; NULL if status is ok',
  prompt_tokens        BIGINT COMMENT 'Tokens of the prompt',
  cached_tokens        BIGINT COMMENT 'Prompt tokens found in the prefix cache; NULL if the engine does not report it',
  output_tokens        BIGINT COMMENT 'Tokens of the output',
  latency_ms           DOUBLE COMMENT 'Milliseconds of the call',
  attempt              INT COMMENT 'Number of the attempt over all runs, from 1',
  chunk                INT COMMENT 'Chunk of the run that it was appended with',
  engine               STRING COMMENT 'The engine that answered, with its version if known',
  answered_at          TIMESTAMP COMMENT 'When the answer was received'
) USING DELTA
COMMENT 'Answers of models to seeds, one row per attempt; append-only'
{location}
CLUSTER BY (answerer, seed_id)
-- Every chunk leaves its app id in the log.
TBLPROPERTIES (
  'delta.setTransactionRetentionDuration' = 'interval 60 days',
  'delta.dataSkippingStatsColumns' = 'run_id,seed_id,answerer,answerer_fingerprint,answer_id,status,chunk,attempt,answered_at',
  'delta.constraints.known_status' = 'status IN (''ok'', ''unparseable'', ''out_of_range'', ''truncated'', ''context_overflow'', ''refused'', ''invalid_input'', ''timeout'', ''engine_error'')',
  'delta.constraints.answer_if_ok' = 'status <> ''ok'' OR answer IS NOT NULL',
  'delta.constraints.reason_unless_ok' = '(status = ''ok'') = (error IS NULL)'
)
