-- One row a comparison of two answers, judge and kind of label on which the judge is sure and the label says otherwise:
-- the same verdict in every order asked, against the verdict of more than half of the labelers. Labels that are scores say
-- whose score is higher, however little: a view knows no config, so labels.tie_margin makes no tie here, and the mark of a
-- label that is none is JudgeLM's, a score of -1, whatever labels.invalid_score says. The surest first:
--   SELECT judge, label, verdict, margin, question, answer_a, answer_b FROM confident_disagreements
--   ORDER BY margin DESC NULLS LAST LIMIT 20
CREATE OR REPLACE VIEW {confident_disagreements} (
  judge             COMMENT 'Name of the judge',
  judge_fingerprint COMMENT 'SHA-256 of all that can change its verdicts',
  comparison_id     COMMENT 'The comparison',
  question_id       COMMENT 'Its question',
  kind              COMMENT 'Kind of the label: human, teacher or gold',
  label             COMMENT 'Verdict of more than half of the labelers of that kind; of scores, whose is higher',
  verdict           COMMENT 'The judge''s verdict, in the comparison''s own order',
  orders_asked      COMMENT '2 where it held in both orders',
  margin            COMMENT 'Least margin of the orders in nats; NULL where the judge gives no log-probabilities',
  question          COMMENT 'The last user message',
  answer_a          COMMENT 'The first answer; the turns of several one below the other',
  answer_b          COMMENT 'The second answer',
  raw_outputs       COMMENT 'What the judge wrote, by the order shown'
) COMMENT 'Comparisons on which a judge is sure and the labels say otherwise' AS
WITH said AS (
  SELECT
    max_by(judge, judged_at) AS judge, judge_fingerprint, comparison_id,
    any_value(verdict) AS verdict, count(*) AS orders_asked, min(margin) AS margin,
    map_from_entries(collect_list(struct(shown_order, raw_output))) AS raw_outputs
  FROM (
    SELECT * FROM {judgments_latest}
    WHERE repeat = 0 AND length(shown_order) = 2
    QUALIFY row_number() OVER (PARTITION BY judge_fingerprint, comparison_id, shown_order ORDER BY judged_at DESC) = 1
      -- An order that was asked of an earlier text alone does not speak.
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
