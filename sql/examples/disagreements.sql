-- One row per comparison on which a judge, with the same verdict in both orders, differs from people's labels.
-- Read it to see what a judge gets wrong, or where the labels are doubtful. Those with most labels against it come first.
-- Labels of several people count one each; use kind = 'gold' for settled labels only.
-- Labels that are scores are left out; the view confident_disagreements includes them.
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
