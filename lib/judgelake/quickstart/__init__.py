"""What `make quickstart` needs around the jobs: the small judge model and the shipped sample. No job imports it."""
