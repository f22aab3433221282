-- One row per run of the judge job, and one per run of a model that answers seeds (mode answer). The cost so far:
--   SELECT judge, model, sum(asked), sum(output_tokens), sum(device_seconds) FROM runs GROUP BY ALL
CREATE TABLE IF NOT EXISTS {runs} (
  run_id             STRING COMMENT 'The run, as in judgments',
  started_at         TIMESTAMP COMMENT 'Start',
  ended_at           TIMESTAMP COMMENT 'End',
  outcome            STRING COMMENT 'finished, failed or stopped',
  judge              STRING COMMENT 'Name of the judge, or of the model that answers',
  judge_fingerprint  STRING COMMENT 'SHA-256 of all that can change its verdicts or answers',
  mode               STRING COMMENT 'How the judge was asked; answer: a model that answers seeds',
  model              STRING COMMENT 'The judge model: folder, name, or address with its version; with its adapter',
  model_revision     STRING COMMENT 'Its revision; NULL for a local model, or if none was pinned',
  model_version      STRING COMMENT 'Content hash of the model files or name@commit, with that of its adapter',
  config_sha256      STRING COMMENT 'Hash of the whole config',
  config             STRING COMMENT 'The config as JSON; it names secrets but contains none',
  input_table        STRING COMMENT 'The comparisons or seeds read',
  input_version      BIGINT COMMENT 'The version of that table that was read',
  git_commit         STRING COMMENT 'Commit of the code, "+changes" where files differed; NULL outside a checkout',
  judgelake_version  STRING COMMENT 'Version of the package',
  mlflow_run_id      STRING COMMENT 'The run in MLflow; NULL if it was switched off',
  engine             STRING COMMENT 'The engine that answered',
  engine_settings    STRING COMMENT 'Version, options, VLLM_* environment and GPUs of engines started by judgelake, with engine.env_operational, or the version a given server reports, as a JSON list; NULL if not known',
  requests           BIGINT COMMENT 'Requests the config asks for, judged before or not',
  asked              BIGINT COMMENT 'Requests of this run that had a prompt to ask',
  skipped            BIGINT COMMENT 'Requests judged by earlier runs',
  answered_by_status MAP<STRING, BIGINT> COMMENT 'Judgments written by this run, by status',
  answered_by_order  MAP<STRING, BIGINT> COMMENT 'These judgments by the order shown: original, reversed, other; a single answer is in its original order',
  coverage           DOUBLE COMMENT 'Share of these judgments with status ok; NULL if none was written',
  consistency        DOUBLE COMMENT 'Share of comparisons with the same verdict in both orders; NULL if no comparison has both',
  prompt_tokens      BIGINT COMMENT 'Tokens of all prompts asked',
  cached_tokens      BIGINT COMMENT 'Prompt tokens found in the prefix cache; NULL if the engine does not report it',
  output_tokens      BIGINT COMMENT 'Tokens of the output',
  engine_start_s     DOUBLE COMMENT 'Seconds the slowest engine took to start; 0 if it was already running, NULL if not started by judgelake or not known',
  device_seconds     DOUBLE COMMENT 'Seconds of asking times devices held by engines that judgelake started; NULL if not known',
  wall_s             DOUBLE COMMENT 'Seconds from start to end',
  requests_per_s     DOUBLE COMMENT 'Judgments per second while asking, without engine start'
) USING DELTA
COMMENT 'Runs of the judge job, and of models that answer seeds'
{location}
TBLPROPERTIES ('delta.setTransactionRetentionDuration' = 'interval 60 days')
