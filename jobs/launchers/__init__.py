"""Where the child process of a job runs."""
