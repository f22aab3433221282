"""How far verdicts and numbers of judges can be relied on: pure functions on numbers, no Spark."""
