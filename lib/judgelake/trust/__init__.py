"""How far a judge's verdicts can be relied on: pure knowledge on counts and verdicts; no Spark, no engine."""
