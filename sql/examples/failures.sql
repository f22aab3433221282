-- One row per judge and status: how many requests ended with it and, if there is no verdict, one example of the reason.
-- Read it after a run whose coverage is below 1. unparseable and out_of_range: look at raw_output, a better parser
-- costs no model call. timeout and engine_error: run the job again, only these are asked again.
SELECT
  judge,
  mode,
  status,
  count(*) AS requests,
  round(count(*) / sum(count(*)) OVER (PARTITION BY judge, judge_fingerprint, mode), 4) AS share,
  min_by(comparison_id, judgment_id) AS sample_comparison,
  min_by(error, judgment_id) AS sample_reason,
  left(min_by(raw_output, judgment_id), 80) AS sample_output
FROM judgments_latest
GROUP BY judge, judge_fingerprint, mode, status
ORDER BY judge, requests DESC
