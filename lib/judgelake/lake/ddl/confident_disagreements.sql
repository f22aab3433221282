-- One row per comparison of two answers, judge and kind of label where the judge is confident and the label differs: the
-- judge gives the same verdict in every order asked, and more than half of the labelers give another. Label scores count
-- as the answer with the higher score, however small the difference: a view has no config, so labels.tie_margin does not
-- apply, and an invalid label is a score of -1 as in JudgeLM, whatever labels.invalid_score is. Most confident first:
--   SELECT judge, label, verdict, margin, question, answer_a, answer_b FROM confident_disagreements
--   ORDER BY margin DESC NULLS LAST LIMIT 20
CREATE OR REPLACE VIEW {confident_disagreements} (
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of everything that can change its verdicts',
  comparison_id     COMMENT 'The comparison',
  question_id       COMMENT 'Its question',
  kind              COMMENT 'Kind of the label: human, teacher or gold',
  label             COMMENT 'Verdict of more than half of the labelers of that kind; for scores, the answer with the higher one',
  verdict           COMMENT 'The judge''s verdict, in the original order of the comparison',
  orders_asked      COMMENT '2 if the verdict was the same in both orders',
  margin            COMMENT 'Smallest margin of the orders in nats; NULL if the judge gives no log-probabilities',
  question          COMMENT 'The last user message',
  answer_a          COMMENT 'The first answer; several turns one below the other',
  answer_b          COMMENT 'The second answer',
  raw_outputs       COMMENT 'The judge''s raw output, by the order shown'
) COMMENT 'Comparisons where a judge is confident and the labels differ' AS
WITH said AS (
  SELECT
    max_by(judge, judged_at) AS judge, judge_fingerprint, comparison_id,
    any_value(verdict) AS verdict, count(*) AS orders_asked, min(margin) AS margin,
    map_from_entries(collect_list(struct(shown_order, raw_output))) AS raw_outputs
  FROM (
    SELECT * FROM {judgments_latest}
    WHERE repeat = 0 AND length(shown_order) = 2
    QUALIFY row_number() OVER (PARTITION BY judge_fingerprint, comparison_id, shown_order ORDER BY judged_at DESC) = 1
      -- An order that was asked only for an earlier text does not count.
      AND coalesce(content_sha256 = first_value(content_sha256)
        OVER (PARTITION BY judge_fingerprint, comparison_id ORDER BY judged_at DESC), TRUE)
  )
  GROUP BY judge_fingerprint, comparison_id
  HAVING count(verdict) = count(*) AND count(DISTINCT verdict) = 1
),
labeled AS (
  SELECT
    comparison_id, kind,
    CASE
      WHEN verdict IS NOT NULL THEN verdict
      WHEN size(scores) != 2 OR exists(scores, score -> score = -1 OR isnan(score) OR abs(score) = double('infinity')) THEN NULL
      WHEN get(scores, 0) > get(scores, 1) THEN 'A'
      WHEN get(scores, 0) < get(scores, 1) THEN 'B'
      WHEN get(scores, 0) = get(scores, 1) THEN 'tie'
    END AS verdict
  FROM {labels}
),
votes AS (
  SELECT comparison_id, kind, verdict, count(*) AS votes, sum(count(*)) OVER (PARTITION BY comparison_id, kind) AS total
  FROM labeled WHERE verdict IS NOT NULL GROUP BY comparison_id, kind, verdict
)
SELECT
  s.judge, s.judge_fingerprint, s.comparison_id, c.question_id, v.kind, v.verdict AS label, s.verdict AS verdict,
  s.orders_asked, s.margin,
  element_at(filter(c.messages, m -> m.role = 'user'), -1).content AS question,
  coalesce(c.answers[0].text, array_join(c.answers[0].turns, '\n')) AS answer_a,
  coalesce(c.answers[1].text, array_join(c.answers[1].turns, '\n')) AS answer_b,
  s.raw_outputs
FROM said AS s
JOIN votes AS v ON v.comparison_id = s.comparison_id AND 2 * v.votes > v.total AND v.verdict != s.verdict
JOIN {comparisons} AS c ON c.comparison_id = s.comparison_id
