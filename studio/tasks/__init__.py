"""What the studio can be taught to do: descriptions of tasks, never trainers."""
