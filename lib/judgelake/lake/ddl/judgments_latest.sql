-- One row a comparison, judge, order and repeat: what was said last, whatever the comparison's text was before. Read
-- this, not judgments, which keeps every attempt and what was said of earlier texts. Coverage by order:
--   SELECT shown_order, count_if(status = 'ok') / count(*) FROM judgments_latest GROUP BY ALL
-- A text that was edited and then put back as it was is not asked again: what was said of the edit stays the last word.
CREATE OR REPLACE VIEW {judgments_latest} (
  judgment_id       COMMENT 'The request: judge, comparison, order, repeat and prompt',
  run_id            COMMENT 'The run that asked last',
  comparison_id     COMMENT 'The comparison that was judged',
  question_id       COMMENT 'Its question',
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change this judge''s verdicts',
  model_version     COMMENT 'Content hash of a local model, or name@revision',
  mode              COMMENT 'How the judge was asked',
  shown_order       COMMENT 'Order of the answers in the prompt: AB, BA or a permutation',
  repeat            COMMENT 'Number of the repeat of an identical request, from 0',
  content_sha256    COMMENT 'Hash of what the judge saw of the comparison, whatever the order; NULL for imported judgments',
  prompt_sha256     COMMENT 'Hash of the prompt; NULL where none could be made, and for imported judgments',
  trimmed           COMMENT 'Whether answers were cut to fit the context',
  raw_output        COMMENT 'What the model wrote',
  finish_reason     COMMENT 'Why it ended',
  status            COMMENT 'ok, or why there is no verdict',
  error             COMMENT 'The reason in words',
  scores            COMMENT 'One score an answer, in the comparison''s own order',
  verdict           COMMENT 'In the comparison''s own order; NULL unless status is ok',
  verdict_logprobs  COMMENT 'Log-probability of each verdict, where known',
  margin            COMMENT 'Log-probability of the best verdict above the next, in nats',
  prompt_tokens     COMMENT 'Tokens of the prompt',
  cached_tokens     COMMENT 'Of those, found in the prefix cache',
  output_tokens     COMMENT 'Tokens the model wrote',
  latency_ms        COMMENT 'Milliseconds of the call',
  attempt           COMMENT 'Number of that attempt, from 1',
  judged_at         COMMENT 'When the answer was read'
) COMMENT 'Last judgment of every comparison, judge, order and repeat' AS
SELECT
  judgment_id, run_id, comparison_id, question_id, judge, judge_fingerprint, model_version, mode, shown_order, repeat,
  content_sha256, prompt_sha256, trimmed, raw_output, finish_reason, status, error, scores, verdict, verdict_logprobs,
  margin, prompt_tokens, cached_tokens, output_tokens, latency_ms, attempt, judged_at
FROM {judgments}
QUALIFY row_number() OVER (
  PARTITION BY comparison_id, judge_fingerprint, mode, shown_order, repeat
  ORDER BY judged_at DESC, attempt DESC, judgment_id
) = 1
