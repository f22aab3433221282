"""Found in vLLM's place by the executors of the cluster tests: a server that computes nothing and holds no GPU."""
