-- One row per attempt at a request (a comparison in one order for one judge). Append-only; query judgments_latest instead.
-- The cost of each run:
--   SELECT run_id, status, count(*), sum(prompt_tokens), sum(output_tokens) FROM judgments GROUP BY ALL
CREATE TABLE IF NOT EXISTS {judgments} (
  judgment_id       STRING COMMENT 'Id of the request: 128 bits (hex) of the hash of judge fingerprint, comparison_id, order, repeat and untrimmed prompt',
  run_id            STRING COMMENT 'The run that made the request',
  comparison_id     STRING COMMENT 'The comparison that was judged',
  question_id       STRING COMMENT 'Its question',
  judge             STRING COMMENT 'Name of the judge',
  judge_fingerprint STRING COMMENT 'SHA-256 of all that can change this judge''s verdicts',
  model_version     STRING COMMENT 'Content hash of the model files or name@commit, with that of its adapter',
  mode              STRING COMMENT 'How the judge was asked: pair, single, multi, ...',
  shown_order       STRING COMMENT 'Order of the answers in the prompt: AB, BA or a permutation',
  repeat            INT COMMENT 'Number of the repeat of an identical request, from 0',
  content_sha256    STRING COMMENT 'Hash of the untrimmed prompt in the original order, or of the row if there is no prompt: the same for all orders of one text of the comparison, different after an edit that the judge sees; NULL for imported judgments',
  row_hash          BIGINT COMMENT 'xxhash64 of the comparison as it was read, by which a later run sees without rendering it that it is judged; NULL for imported judgments',
  prompt_sha256     STRING COMMENT 'Hash of the prompt that was asked; NULL if none could be rendered, or if it could not be trimmed enough',
  trimmed           BOOLEAN COMMENT 'Whether answers were cut to fit the context; the cuts are marked in the prompt',
  control_strings   ARRAY<STRING> COMMENT 'Control strings of models (<|im_end|>, </s>, ...) and closing tags of the judge''s own prompt that are in the judged material; empty if there are none; NULL if it was not looked at: no prompt, or imported',
  prompt_sent_as    STRING COMMENT 'ids: as token ids, in which the material is text and control strings in it cannot act; text: as text, in which they can; NULL without an answer, and for imported judgments',
  raw_output        STRING COMMENT 'Output of the model; NULL if the call failed',
  thinking          STRING COMMENT 'Thinking that the server returned apart from the output, which is not read; NULL if it returned none',
  finish_reason     STRING COMMENT 'Why the output ended: stop, length, ...',
  status            STRING COMMENT 'ok, or why there is no verdict',
  error             STRING COMMENT 'The reason in words; NULL if status is ok',
  scores            ARRAY<DOUBLE> COMMENT 'One score per answer in the comparison''s original order; NULL if the judge gives none',
  verdict           STRING COMMENT 'A, B, ... or tie in the comparison''s original order; NULL unless status is ok, and for single answers',
  verdict_logprobs  MAP<STRING, DOUBLE> COMMENT 'Log-probability of each verdict, in the comparison''s original order, if the judge decides in one token; of a label that the server did not list among the most likely ones, an upper bound',
  bounded_labels    ARRAY<STRING> COMMENT 'Of verdict_logprobs, the verdicts that the server did not list: their value is an upper bound; also if there is no verdict; NULL unless labels decide by their probability',
  margin            DOUBLE COMMENT 'Log-probability of the best verdict minus that of the next, in nats',
  label_mass        DOUBLE COMMENT 'Probability of all labels together, 0 to 1, also if it was too low for a verdict; NULL unless the judge decides in one token, and for imported judgments',
  prompt_tokens     BIGINT COMMENT 'Tokens of the prompt; NULL in all but one of the rows that share a call',
  cached_tokens     BIGINT COMMENT 'Prompt tokens found in the prefix cache; NULL if the engine does not report it',
  output_tokens     BIGINT COMMENT 'Tokens of the output; NULL in all but one of the rows that share a call',
  latency_ms        DOUBLE COMMENT 'Milliseconds of the call',
  attempt           INT COMMENT 'Number of the attempt over all runs, from 1',
  chunk             INT COMMENT 'Chunk of the run that it was appended with',
  engine            STRING COMMENT 'The engine that answered, with its version if known',
  judged_at         TIMESTAMP COMMENT 'When the answer was received'
) USING DELTA
COMMENT 'All judgments, one row per attempt; append-only'
{location}
CLUSTER BY (run_id, question_id)
-- Every chunk leaves its app id in the log. Who is skipped or repeated is found out after the append, so old ones may go.
TBLPROPERTIES (
  'delta.setTransactionRetentionDuration' = 'interval 60 days',
  'delta.dataSkippingStatsColumns' = 'run_id,question_id,comparison_id,judge_fingerprint,judgment_id,status,chunk,attempt,judged_at',
  'delta.constraints.known_status' = 'status IN (''ok'', ''unparseable'', ''out_of_range'', ''truncated'', ''context_overflow'', ''refused'', ''invalid_input'', ''timeout'', ''engine_error'')',
  'delta.constraints.verdict_only_if_ok' = 'verdict IS NULL OR (status = ''ok'' AND (verdict = ''tie'' OR (length(verdict) = 1 AND verdict BETWEEN ''A'' AND ''Z'')))',
  'delta.constraints.reason_unless_ok' = '(status = ''ok'') = (error IS NULL)'
)
