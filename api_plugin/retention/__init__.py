"""What is kept of requests, for how long, and what is taken away: snapshots, retention, and erasing a person's data."""
