"""What requests provisioned: recorded as their items say, found by whoever may see it, released by rollbacks."""
