"""What `make quickstart` needs besides the jobs: the small judge model and the shipped sample. No job imports it."""
