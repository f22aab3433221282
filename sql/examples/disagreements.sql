-- One row a comparison on which a judge, sure of itself in both orders, says something else than people do.
-- Read it to see what a judge gets wrong, or where the labels are doubtful. Most labels against it come first.
-- Labels of several people count one each; put kind = 'gold' for a label that was settled.
-- Labels that are scores are left out; the view confident_disagreements takes them too.
WITH people AS (
  SELECT
    comparison_id,
    mode(verdict) AS label,
    count(*) AS labels,
    concat_ws(', ', array_sort(collect_list(verdict))) AS all_labels
  FROM labels
  WHERE kind IN ('human', 'gold') AND verdict IS NOT NULL
  GROUP BY comparison_id
)
SELECT
  both.judge,
  both.comparison_id,
  both.verdict_ab AS verdict,
  people.label,
  people.all_labels,
  element_at(filter(comparisons.messages, message -> message.role = 'user'), -1).content AS question,
  comparisons.answers[0].text AS answer_a,
  comparisons.answers[1].text AS answer_b
FROM judgments_both_orders AS both
JOIN people ON people.comparison_id = both.comparison_id
JOIN comparisons ON comparisons.comparison_id = both.comparison_id
WHERE both.is_consistent AND both.verdict_ab <> people.label
ORDER BY people.labels DESC, both.judge, both.comparison_id
LIMIT 100
