"""What `make quickstart` needs besides the jobs: the small judge model and the included sample. No job imports it."""
