"""One folder a job: config.py, job.py, command.py, and its steps. A job never imports another job."""
