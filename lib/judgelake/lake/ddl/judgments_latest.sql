-- One row per comparison, judge, order and repeat: the last judgment, whatever the comparison's text was before. Query
-- this, not judgments, which keeps every attempt and the judgments of earlier texts. Coverage by order:
--   SELECT shown_order, count_if(status = 'ok') / count(*) FROM judgments_latest GROUP BY ALL
-- A text that was edited and then restored is not judged again: the judgment of the edited text remains the last one.
CREATE OR REPLACE VIEW {judgments_latest} (
  judgment_id       COMMENT 'Id of the request: judge, comparison, order, repeat and untrimmed prompt',
  run_id            COMMENT 'The run that made the last request',
  comparison_id     COMMENT 'The comparison that was judged',
  question_id       COMMENT 'Its question',
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change this judge''s verdicts',
  model_version     COMMENT 'Content hash of the model files or name@commit, with that of its adapter',
  mode              COMMENT 'How the judge was asked',
  shown_order       COMMENT 'Order of the answers in the prompt: AB, BA or a permutation',
  repeat            COMMENT 'Number of the repeat of an identical request, from 0',
  content_sha256    COMMENT 'Hash of what the judge saw of the comparison, whatever the order; NULL for imported judgments',
  prompt_sha256     COMMENT 'Hash of the prompt that was asked; NULL if none was, and for imported judgments',
  trimmed           COMMENT 'Whether answers were cut to fit the context',
  control_strings   COMMENT 'Control strings of models and closing tags of the judge''s own prompt in the judged material; NULL if it was not looked at',
  prompt_sent_as    COMMENT 'ids: control strings in the material were only text; text: they could act',
  raw_output        COMMENT 'Output of the model',
  thinking          COMMENT 'Thinking that the server returned apart from the output',
  finish_reason     COMMENT 'Why the output ended',
  status            COMMENT 'ok, or why there is no verdict',
  error             COMMENT 'The reason in words',
  scores            COMMENT 'One score per answer, in the comparison''s original order',
  verdict           COMMENT 'A, B, ... or tie in the comparison''s original order; NULL unless status is ok',
  verdict_logprobs  COMMENT 'Log-probability of each verdict, if known',
  bounded_labels    COMMENT 'Of verdict_logprobs, the verdicts whose value is an upper bound',
  margin            COMMENT 'Log-probability of the best verdict minus that of the next, in nats',
  label_mass        COMMENT 'Probability of all labels together, 0 to 1; NULL unless the judge decides in one token',
  prompt_tokens     COMMENT 'Tokens of the prompt',
  cached_tokens     COMMENT 'Prompt tokens found in the prefix cache',
  output_tokens     COMMENT 'Tokens of the output',
  latency_ms        COMMENT 'Milliseconds of the call',
  attempt           COMMENT 'Number of that attempt, from 1',
  judged_at         COMMENT 'When the answer was received'
) COMMENT 'Last judgment of every comparison, judge, order and repeat' AS
SELECT
  judgment_id, run_id, comparison_id, question_id, judge, judge_fingerprint, model_version, mode, shown_order, repeat,
  content_sha256, prompt_sha256, trimmed, control_strings, prompt_sent_as, raw_output, thinking, finish_reason, status, error, scores, verdict,
  verdict_logprobs, bounded_labels, margin, label_mass, prompt_tokens, cached_tokens, output_tokens, latency_ms, attempt, judged_at
FROM {judgments}
QUALIFY row_number() OVER (
  PARTITION BY comparison_id, judge_fingerprint, mode, shown_order, repeat
  ORDER BY judged_at DESC, attempt DESC, judgment_id
) = 1
