"""An action type of its own package: a record in a DNS zone."""
