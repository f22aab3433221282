-- One row per comparison of generated answers, to be judged by a teacher: jobs/judge.py --set tables.comparisons=generated_comparisons.
-- question_id is that of the seed, the order of the answers comes from a hash, and their model is the name in the config of the generation.
-- How often each model is shown first:
--   SELECT answers[0].model, count(*) FROM generated_comparisons GROUP BY ALL
CREATE TABLE IF NOT EXISTS {generated_comparisons} (
  {columns_of_comparisons},
  question_group STRING COMMENT 'The seed''s group of near-duplicates: all comparisons of one are in the same split',
  licence        STRING COMMENT 'The licence of the seed''s source, or NULL'
) USING DELTA
COMMENT 'Comparisons of generated answers'
{location}
