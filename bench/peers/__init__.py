"""Other engines beside ours: each alone on the machine, on a PostgreSQL of its own, making the same three calls."""
