"""What persons may do with a request that exists: a module an operation, and the table of when each may be done."""
