"""What model a judge is: its files, where they are read from, its identity, and an adapter on it."""
