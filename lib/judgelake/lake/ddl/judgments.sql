-- One row an attempt at a request (a comparison in one order for one judge). Append-only; read judgments_latest instead.
-- What a run cost:
--   SELECT run_id, status, count(*), sum(prompt_tokens), sum(output_tokens) FROM judgments GROUP BY ALL
CREATE TABLE IF NOT EXISTS {judgments} (
  judgment_id       STRING COMMENT 'The request: 128 bits (hex) of the hash of judge fingerprint, comparison_id, order, repeat and prompt',
  run_id            STRING COMMENT 'The run that asked',
  comparison_id     STRING COMMENT 'The comparison that was judged',
  question_id       STRING COMMENT 'Its question',
  judge             STRING COMMENT 'Name of the judge',
  judge_fingerprint STRING COMMENT 'SHA-256 of all that can change this judge''s verdicts',
  model_version     STRING COMMENT 'Content hash of a local model, or name@revision',
  mode              STRING COMMENT 'How the judge was asked: pair, single, multi, ...',
  shown_order       STRING COMMENT 'Order of the answers in the prompt: AB, BA or a permutation',
  repeat            INT COMMENT 'Number of the repeat of an identical request, from 0',
  content_sha256    STRING COMMENT 'Hash of the prompt in the own order, or of the row where there is none: the same for all orders of one text of the comparison, another after an edit that the judge sees; NULL for imported judgments',
  prompt_sha256     STRING COMMENT 'Hash of the prompt; NULL where none could be made',
  trimmed           BOOLEAN COMMENT 'Whether answers were cut to fit the context; the cuts are marked in the prompt',
  raw_output        STRING COMMENT 'What the model wrote; NULL where the call failed',
  finish_reason     STRING COMMENT 'Why it ended: stop, length, ...',
  status            STRING COMMENT 'ok, or why there is no verdict',
  error             STRING COMMENT 'The reason in words; NULL where status is ok',
  scores            ARRAY<DOUBLE> COMMENT 'One score an answer in the comparison''s own order; NULL where the judge gives none',
  verdict           STRING COMMENT 'A, B, ... or tie in the comparison''s own order; NULL unless status is ok, and for single answers',
  verdict_logprobs  MAP<STRING, DOUBLE> COMMENT 'Log-probability of each verdict, in the comparison''s own order, where the judge decides in one token',
  margin            DOUBLE COMMENT 'Log-probability of the best verdict above the next, in nats',
  prompt_tokens     BIGINT COMMENT 'Tokens of the prompt; NULL on further rows that share one call',
  cached_tokens     BIGINT COMMENT 'Of those, found in the prefix cache; NULL where the engine does not tell',
  output_tokens     BIGINT COMMENT 'Tokens the model wrote; NULL on further rows that share one call',
  latency_ms        DOUBLE COMMENT 'Milliseconds of the call',
  attempt           INT COMMENT 'Number of the attempt over all runs, from 1',
  chunk             INT COMMENT 'Chunk of the run it was appended with',
  engine            STRING COMMENT 'What answered, with its version where known',
  judged_at         TIMESTAMP COMMENT 'When the answer was read'
) USING DELTA
COMMENT 'Everything judges have said, one row an attempt; append-only'
{location}
CLUSTER BY (run_id, question_id)
TBLPROPERTIES (
  'delta.dataSkippingStatsColumns' = 'run_id,question_id,comparison_id,judge_fingerprint,judgment_id,status,chunk,attempt,judged_at',
  'delta.constraints.known_status' = 'status IN (''ok'', ''unparseable'', ''out_of_range'', ''truncated'', ''context_overflow'', ''refused'', ''invalid_input'', ''timeout'', ''engine_error'')',
  'delta.constraints.verdict_only_if_ok' = 'verdict IS NULL OR (status = ''ok'' AND (verdict = ''tie'' OR (length(verdict) = 1 AND verdict BETWEEN ''A'' AND ''Z'')))',
  'delta.constraints.reason_unless_ok' = '(status = ''ok'') = (error IS NULL)'
)
